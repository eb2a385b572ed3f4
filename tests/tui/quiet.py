"""When an app has nothing left to do: told by its event loop, not by time that passes."""

from __future__ import annotations

import asyncio
from time import monotonic

FRAME_S = 0.002  # between two paintings of a screen; Textual's own is a sixtieth of a second
SOON_S = 0.011  # timers that are due within this time belong to what happens now (the longest: a resize, 1/120 s)
BUSY_S = 20.0  # an app that never gets quiet is given up, so late that no slow machine comes there
TIMERS_S = 0.05  # for no longer than this: some timers follow each other without end


async def quiet(min_sleep: float = 0.0, max_sleep: float = BUSY_S) -> None:
    """Until the loop would go to sleep for longer than a frame, but no longer than `max_sleep` seconds.

    Stands in for Textual's `wait_for_idle`, which looks at the process's CPU time every 20 ms.
    """
    loop = asyncio.get_running_loop()
    assert isinstance(loop, asyncio.BaseEventLoop)
    end = monotonic() + max_sleep
    calm, slept = 0, 0.0
    while calm < 2 and monotonic() < end:  # twice: the look at the sockets comes between two rounds of the loop
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            calm = 0
        elif slept < TIMERS_S and (left := _until_next(loop)) < SOON_S:
            await asyncio.sleep(left)
            calm, slept = 0, slept + left
        else:
            calm += 1


def _until_next(loop: asyncio.BaseEventLoop) -> float:
    """Seconds until the next timer is due."""
    timers: list[asyncio.TimerHandle] = loop._scheduled  # type: ignore[attr-defined]
    due = min((timer.when() for timer in timers if not timer.cancelled()), default=float("inf"))
    return max(0.0, due - loop.time())
