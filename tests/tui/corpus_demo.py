"""The console on a world to look at, or on the nasty one: `python -m tests.tui.corpus_demo [--nasty] [--lang zh]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence

from kagami.ports import Feed
from kagami.tui.run import Wishes, run_console
from tests.tui import engine
from tests.tui.nasty import nasty_world
from tests.tui.world import World, busy_world


class _Live(World):
    """A pulse every second."""

    async def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        second = 0
        while True:
            yield Feed("pulse", engine.pulse(second))
            await asyncio.sleep(1)
            second += 1


def _live(world: World) -> World:
    live = _Live()
    live.ring, live.messages, live.traces, live.dead = world.ring, world.messages, world.traces, world.dead
    live.bots, live.notices = world.bots, world.notices
    return live


def main(arguments: list[str]) -> int:
    def after(name: str) -> str | None:
        return arguments[arguments.index(name) + 1] if name in arguments else None

    make = nasty_world if "--nasty" in arguments else World if "--empty" in arguments else busy_world
    world: World = make()
    wishes = Wishes(language=after("--lang"), glyphs=after("--glyphs"), theme=after("--theme"), fresh=True)
    run_console(lambda: _live(world), wishes, clock=engine.FixedClock())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
