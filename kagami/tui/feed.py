"""The live line to the engine: pulses and notices, kept open with growing pauses between tries."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import aclosing

from kagami.clock import Clock
from kagami.errors import EngineAway, KagamiError
from kagami.operations.system import Notices, Pulses
from kagami.ports import AuditRow, Control, Notice, Pulse

STALE_S = 3.0
LOST_S = 5.0
KEPT_PULSES = 300
KEPT_NOTICES = 200
# An engine that is back is found within three seconds of its start.
_PAUSES = (1.0, 2.0)


class EngineFeed:
    """What the engine said last. `heard` is called after every change, in the console's loop."""

    def __init__(self, control: Control, clock: Clock, heard: Callable[[], None]) -> None:
        self.pulse: Pulse | None = None
        self.history: deque[Pulse] = deque(maxlen=KEPT_PULSES)
        self.notices: deque[Notice] = deque(maxlen=KEPT_NOTICES)
        self.reason = ""
        self.tries = 0
        self.next_try = 0.0
        self._control = control
        self._clock = clock
        self._heard = heard
        self.acted: Callable[[Sequence[AuditRow]], None] = lambda _: None
        self._with_audit = True
        self._last = clock.monotonic()
        self._now = asyncio.Event()

    @property
    def silent_s(self) -> float:
        """Seconds since the last pulse, or since the start before the first."""
        return self._clock.monotonic() - self._last

    @property
    def stale_s(self) -> float:
        """`silent_s` once that is more than it should be, else 0."""
        return self.silent_s if self.silent_s > STALE_S or (self.tries and self.pulse) else 0.0

    @property
    def lost(self) -> bool:
        """The link is down, and has been for so long that a person should be told."""
        return self.silent_s > LOST_S and (self.tries > 0 or self.pulse is not None)

    @property
    def wait_s(self) -> float:
        """Seconds until the next try."""
        return max(0.0, self.next_try - self._clock.monotonic())

    def retry(self) -> None:
        """Try at once instead of at the end of the pause."""
        self._now.set()

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                await self._listen()
            except EngineAway as error:
                self.reason = error.text()
            except KagamiError as error:
                self.reason = f"{error.code}: {error.text()}"
            await self._pause()

    async def _listen(self) -> None:
        await self._catch_up()
        # Not everybody may hear of the audit; an engine that lets one hear nothing for it is asked without it.
        topics = ("pulse", "notice", "audit") if self._with_audit else ("pulse", "notice")
        self._with_audit = not self._with_audit
        async with aclosing(self._control.feed(topics)) as items:  # type: ignore[type-var]
            async for item in items:
                self.tries, self._with_audit = 0, "audit" in topics
                if item.topic == "pulse":
                    self.pulse = item.value
                    self.history.append(item.value)
                    self._last = self._clock.monotonic()
                elif item.topic == "notice":
                    self.notices.append(item.value)
                elif item.topic == "audit":
                    self.acted(item.value)
                self._heard()

    async def _catch_up(self) -> None:
        """What was said while nobody listened."""
        pulses = await self._control.call(Pulses(seconds=KEPT_PULSES))
        self.history.clear()
        self.history.extend(pulses)
        notices = await self._control.call(Notices())
        self.notices.clear()
        self.notices.extend(notices)

    async def _pause(self) -> None:
        pause = _PAUSES[min(self.tries, len(_PAUSES) - 1)]
        self.tries += 1
        self.next_try = self._clock.monotonic() + pause
        self._now.clear()
        self._heard()
        try:
            async with asyncio.timeout(pause):
                await self._now.wait()
        except TimeoutError:
            return
