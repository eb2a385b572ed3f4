"""Where events come in: known ones stop here, answers go to their question, the rest to their lane."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from typing import Any

from kagami.clock import Clock
from kagami.core.dedupe import Window
from kagami.hub.execution import Desk, Execution, Stop
from kagami.hub.lanes import Lanes
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.action import Failed
from kagami.model.event import Event
from kagami.model.ids import BotId, ExecutionId, SessionKey
from kagami.ports import Dialogs, Ledger, Open


class Inbox:
    """`accept` never waits: what it returns ends when the event is on disk."""

    def __init__(
        self,
        ledger: Ledger,
        lanes: Lanes,
        dialogs: Dialogs,
        bots: BotRegistry,
        desk: Desk,
        *,
        window: Window,
        clock: Clock,
        meters: Meters,
        limit: Callable[[Event], Stop | None],
        keep_out: Callable[[ExecutionId], None],
    ) -> None:
        self._ledger = ledger
        self._lanes = lanes
        self._dialogs = dialogs
        self._bots = bots
        self._desk = desk
        self._window = window
        self._clock = clock
        self._meters = meters
        self._limit = limit
        self._keep_out = keep_out
        self.draining = False
        # Whether events are handled by whichever process has their partition, and not by who accepts them.
        self.shared = False
        # Told of every new event, with its number and the moment of its acceptance.
        self.tell: Callable[[int, Event, int], None] = lambda *_: None

    def accept(self, event: Event, read_at: float, *, once: bool = False) -> Awaitable[bool]:
        ledger = self._ledger
        aside = ledger.aside if once else None
        if not (aside or ledger).takes:
            # What cannot be kept is not begun, and not known either: it may come again.
            self._meters.count["events", "refused"] += 1
            return (aside or ledger).accept(event, 0)
        if not self._window.add(event.bot, event.dedupe):
            self._meters.count["events", "duplicate"] += 1
            return _Known(ledger)
        now = self._clock.wall_ms()
        self._bots.tally[event.bot].received += 1
        return self._keep(event, now, read_at, once=once) if aside is None else aside.accept(event, now)

    def admit(self, event: Event, accepted_ms: int, *, left: bool) -> None:
        """Take an event that was kept aside; one that an earlier run has `left` may have come to the ledger, too."""
        if self._window.add(event.bot, event.dedupe) or not left:
            self._keep(event, accepted_ms, self._clock.monotonic())

    def _keep(self, event: Event, now: int, read_at: float, *, once: bool = False) -> Awaitable[bool]:
        on_disk = self._ledger.accept(event, now, once=once)
        number = self._ledger.newest
        begins = not self.draining and not self.shared
        waits = self._judged(Execution(event, self._desk, read_at=read_at, accepted_ms=now)) if begins else None
        self.tell(number, event, now)
        if waits is not None:
            # What is due comes once: it has no room to be shed from.
            self._lanes.put(waits, force=event.kind == "schedule")
        return on_disk

    def take(self, found: Open) -> None:
        """Handle an event that is on disk and that nobody has begun."""
        read_at = self._clock.monotonic()
        fresh = Execution(found.event, self._desk, read_at=read_at, accepted_ms=found.accepted_ms, fence=found.fence)
        if (waits := self._judged(fresh, counts=not found.led)) is not None:
            self._lanes.put(waits, force=True)

    def _judged(self, execution: Execution, *, counts: bool = True) -> Execution | None:
        """A new event, told whether it is one too many where it `counts`; None for the answer to a question."""
        execution.mark("frame")
        if self._dialogs.offer(execution):
            return None
        execution.stop = self._limit(execution.event) if counts else None
        if execution.stop is not None:
            # Before anybody is told: its turn in its lane may come much later.
            self._keep_out(execution.event.execution)
        return execution

    def known(self, bot: BotId, key: str) -> None:
        """An earlier run accepted this."""
        self._window.add(bot, key)

    def resume(self, found: Open) -> None:
        """Take up an event that is on disk already: after a restart, for another try, or because somebody asked."""
        self._window.add(found.event.bot, found.event.dedupe)
        execution = Execution(
            found.event,
            self._desk,
            read_at=self._clock.monotonic(),
            accepted_ms=found.accepted_ms,
            attempts=found.attempts,
            journal={ordinal: made for ordinal, made in found.sends.items() if not isinstance(made, Failed)},
            resumed=True,
            restarted=found.restarted,
            fence=found.fence,
            holds=found.holds,
        )
        self._lanes.put(execution, force=True)

    def reoffer(self, session: SessionKey) -> None:
        """Let a question that an earlier try has asked find its answer among what waits behind its handler."""
        self._lanes.take_first(session, self._dialogs.offer)


class _Known:
    """Of an event that is not new. Ends when all that was accepted before is on disk: so is the first of its kind."""

    __slots__ = ("_ledger",)

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __await__(self) -> Generator[Any, None, bool]:
        return self._settled().__await__()

    async def _settled(self) -> bool:
        await self._ledger.flush()
        return False
