"""The console on a made-up engine, to be looked at: `python -m tests.tui.demo [--lang zh] [--empty] [--owned]`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from kagami.clock import SystemClock
from kagami.operations.plugins import ListPlugins
from kagami.ports import Feed
from kagami.tui.run import Wishes, run_console
from tests.tui import engine


class DemoControl(engine.FakeControl):
    """A pulse every second, in today's time."""

    async def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        second = 0
        while not self.away:
            yield Feed("pulse", engine.pulse(second))
            await asyncio.sleep(1)
            second += 1


class DemoClock(SystemClock):
    def wall_ms(self) -> int:
        return engine.NOW_MS + int(self.monotonic() * 1_000) % 10_000_000


def _break(_: object) -> object:
    """What a bug of the console's own does when its Plugins place reads."""
    secret = "k4g-7f2Q9xLmT3vWbN8sRzE1"
    raise ZeroDivisionError(f"made on purpose, {len(secret)}")


def main(arguments: list[str]) -> int:
    options: dict[str, Any] = {}
    for name in ("lang", "glyphs", "theme", "home"):
        if f"--{name}" in arguments:
            options[name] = arguments[arguments.index(f"--{name}") + 1]
    control = DemoControl(
        bots=[] if "--empty" in arguments else None, notices=[] if "--empty" in arguments else engine.NOTICES
    )
    wishes = Wishes(
        language=options.get("lang"),
        glyphs=options.get("glyphs"),
        theme=options.get("theme"),
        owned="--owned" in arguments,
        home=options.get("home", ""),
        fresh="--keep" not in arguments,
    )
    if "--breaks" in arguments:
        control.answers[ListPlugins] = _break
    leave = run_console(lambda: control, wishes, clock=engine.FixedClock() if "--still" in arguments else DemoClock())
    if "--out" in arguments:
        Path(arguments[arguments.index("--out") + 1]).write_text(leave.name, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
