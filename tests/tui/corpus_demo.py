"""The console on a world to look at, or on the nasty one: `python -m tests.tui.corpus_demo [--nasty] [--feed 100]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from functools import partial

from kagami.operations.system import Pulses
from kagami.ports import Feed
from kagami.tui.run import Wishes, run_console
from tests.tui import engine
from tests.tui.nasty import nasty_world
from tests.tui.world import World, busy_world, feeding


class _Live(World):
    """A pulse every second, the same again when it stands `still`, and `per_second` log lines."""

    def __init__(self, *, still: bool = False, per_second: int = 0) -> None:
        super().__init__()
        self._still = still
        self._per_second = per_second
        if still:
            self.answers[Pulses] = lambda request: [engine.pulse() for _ in range(request.seconds)]

    async def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        second = 0
        async with asyncio.TaskGroup() as group:
            if self._per_second:
                group.create_task(feeding(self, self._per_second))
            while True:
                yield Feed("pulse", engine.pulse(0 if self._still else second))
                await asyncio.sleep(1)
                second += 1


def _live(world: World, live: World) -> World:
    live.ring, live.messages, live.traces, live.dead = world.ring, world.messages, world.traces, world.dead
    live.bots, live.notices = world.bots, world.notices
    return live


def main(arguments: list[str]) -> int:
    def after(name: str) -> str | None:
        return arguments[arguments.index(name) + 1] if name in arguments else None

    make = nasty_world if "--nasty" in arguments else World if "--empty" in arguments else busy_world
    world: World = make()
    wishes = Wishes(language=after("--lang"), glyphs=after("--glyphs"), theme=after("--theme"), fresh=True)
    per_second = int(after("--feed") or 0)
    live = partial(_Live, still="--still" in arguments, per_second=per_second)
    run_console(lambda: _live(world, live()), wishes, clock=engine.FixedClock())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
