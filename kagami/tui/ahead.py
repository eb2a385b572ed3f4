"""Typing ahead: keys that come before there is somebody to hear them wait for what the keys before them open.

Keys that arrive in one piece (a slow line, a paste) would otherwise all go to the widget that had the focus when the
first of them came: `/echo` would open a filter and then press `e`, `c`, `h` and `o` in the list behind it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from textual import events
from textual.message import Message

HOLD_S = 1.0
"""Seconds for which a key waits for the work of the one before it: work may be long, and nothing blocks a key."""
OPEN_S = 10.0
"""Seconds for which keys wait for something that is sure to open."""

Typed = events.Key | events.Paste


class Passed(Message):
    """Takes the way of a key through the same queues: where it arrives, the key has done what it does."""

    def __init__(self, hold: object) -> None:
        super().__init__()
        self.hold = hold


class Opened(Message):
    """Its sender is what was asked for, and has the keyboard now."""


class Ahead:
    """Keys in their order. `wake` is called when the next may be taken; all of it happens in the console's loop."""

    def __init__(self, wake: Callable[[], object]) -> None:
        self._wake = wake
        self._waiting: deque[Typed] = deque()
        self._holds: dict[object, asyncio.TimerHandle] = {}

    def add(self, typed: Typed) -> None:
        """Put it behind the others; ^C drops them, as in every terminal, and waits for nothing."""
        if isinstance(typed, events.Key) and typed.key == "ctrl+c":
            self._waiting.clear()
            self.release_all()
        self._waiting.append(typed)

    def take(self) -> Typed | None:
        """The next one; None while there is none or a hold is on."""
        return self._waiting.popleft() if self._waiting and not self._holds else None

    def hold(self, seconds: float = HOLD_S) -> object:
        """Let keys wait until this hold is released, at most so long."""
        hold = object()
        self._holds[hold] = asyncio.get_running_loop().call_later(seconds, self.release, hold)
        return hold

    def release(self, hold: object) -> None:
        """End a hold; one that has ended before is nothing."""
        timer = self._holds.pop(hold, None)
        if timer is not None:
            timer.cancel()
            if self._waiting and not self._holds:
                self._wake()

    def release_all(self) -> None:
        """What was asked for is there."""
        for hold in tuple(self._holds):
            self.release(hold)
