"""One event on its way: what it carries from the frame to its last receipt."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from kagami.errors import Denied
from kagami.model.action import Action, Receipt
from kagami.model.event import Event
from kagami.model.ids import SessionKey
from kagami.model.principal import Principal
from kagami.model.trace import Mark, Outcome, Trace
from kagami.operations.registry import Registry
from kagami.ports import Answer, Outbox, Parts, StorePut


class Slots:
    """How many handlers run at once."""

    def __init__(self, amount: int) -> None:
        self._free = asyncio.Semaphore(amount)

    async def take(self) -> None:
        await self._free.acquire()

    def give(self) -> None:
        self._free.release()


class Desk:
    """What every execution needs of the house. `reoffer` gives a question what waits in its conversation's lane."""

    __slots__ = ("operations", "outbox", "parts", "prefix", "reoffer", "slots")

    def __init__(self, *, outbox: Outbox, slots: Slots, operations: Registry, prefix: str) -> None:
        self.outbox = outbox
        self.slots = slots
        self.operations = operations
        self.prefix = prefix
        self.parts: Parts | None = None
        self.reoffer: Callable[[SessionKey], None] = lambda _: None


class Execution:
    """Implements `ports.Execution` and `ports.Answer`.

    `journal` holds the receipts of an earlier try by the order of their sends: a handler that is run again gets them
    instead of sending twice. A send that certainly failed is not in it and is made again. `resumed` says that there
    may have been an earlier try: a question that it has asked is not asked again, its answer waits in the lane.
    """

    __slots__ = (
        "_asks_anew",
        "_desk",
        "_ordinal",
        "_read_at",
        "_staged",
        "accepted_ms",
        "admin",
        "answers",
        "attempts",
        "error",
        "event",
        "journal",
        "marks",
    )

    def __init__(
        self,
        event: Event,
        desk: Desk,
        *,
        read_at: float,
        accepted_ms: int,
        attempts: int = 0,
        journal: dict[int, Receipt] | None = None,
        resumed: bool = False,
    ) -> None:
        self.event = event
        self.admin: Principal | None = None
        self.attempts = attempts
        self.accepted_ms = accepted_ms
        self.answers: list[Execution] = []
        self.marks: list[Mark] = []
        self.error = ""
        self.journal = journal or {}
        self._asks_anew = not resumed
        self._desk = desk
        self._read_at = read_at
        self._ordinal = 0
        self._staged: dict[tuple[str, str], StorePut] = {}

    @property
    def prefix(self) -> str:
        return self._desk.prefix

    def mark(self, stage: str, detail: str = "") -> None:
        self.marks.append(Mark(stage, int((time.monotonic() - self._read_at) * 1e6), detail))

    async def perform(self, action: Action) -> Receipt:
        ordinal = self._ordinal
        self._ordinal += 1
        if (before := self.journal.get(ordinal)) is not None:
            self.mark("send", "made by an earlier try")
            return before
        self._asks_anew = True
        self.mark("send")
        receipt = await self._desk.outbox.send(self.event.execution, ordinal, action, self.journal)
        self.mark("receipt", type(receipt).__name__.lower())
        return receipt

    def stage(self, write: StorePut) -> None:
        self._staged[write.plugin, write.key] = write

    def staged(self, plugin: str) -> Mapping[str, str | None]:
        return {key: write.value for (owner, key), write in self._staged.items() if owner == plugin}

    @property
    def effects(self) -> tuple[StorePut, ...]:
        return tuple(self._staged.values())

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        self.mark("ask")
        if not self._asks_anew:
            self._desk.reoffer(self.event.session)
        self._desk.slots.give()
        try:
            yield
        finally:
            # The slot must be ours again before the lane gives it back, even when this task is being cancelled.
            await asyncio.shield(self._desk.slots.take())
            self.mark("answer")

    def consumed(self, answer: Answer) -> None:
        if isinstance(answer, Execution):
            self.answers.append(answer)

    async def call(self, request: msgspec.Struct) -> Any:
        if self.admin is None or self._desk.parts is None:
            raise Denied(scope=self._desk.operations.of(request).scope)
        return await self._desk.operations.call(self._desk.parts, self.admin, request)

    def trace(self, outcome: Outcome, plugin: str, text: str) -> Trace:
        """The whole way up to now."""
        event = self.event
        return Trace(
            event.execution,
            event.bot,
            event.chat,
            event.user,
            self.accepted_ms,
            int((time.monotonic() - self._read_at) * 1e6),
            outcome,
            tuple(self.marks),
            plugin,
            text,
            self.error,
        )
