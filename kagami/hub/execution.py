"""One event on its way: what it carries from the frame to its last receipt."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple, Protocol

import msgspec

from kagami.core.loops import Loops
from kagami.errors import Denied
from kagami.model.action import Action, Receipt, Send
from kagami.model.event import Event
from kagami.model.ids import SessionKey
from kagami.model.message import plain_text
from kagami.model.principal import Principal
from kagami.model.trace import Mark, Outcome, Trace
from kagami.operations.registry import Registry
from kagami.ports import Answer, Fence, Handled, Outbox, Parts
from kagami.ports import Execution as PortExecution
from kagami.ports.staging import Staging


class Stop(NamedTuple):
    """An event ends here."""

    outcome: Outcome
    reason: str
    warns: bool = False


class Server(Protocol):
    """Who handles an event in place of the plugin host."""

    @property
    def live(self) -> bool: ...

    async def handle(self, execution: PortExecution) -> Handled: ...


class Slots:
    """How many handlers run at once. Those who wait have a turn by chats, in each in the order of asking: however many
    speak in one chat, it holds up another by one turn.
    """

    def __init__(self, amount: int) -> None:
        self._amount = self._free = amount
        self._queues: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    def take_free(self) -> bool:
        """Take one, if there is one now."""
        if self._free <= 0:
            return False
        self._free -= 1
        return True

    async def take(self, chat: Hashable = "") -> None:
        if self.take_free():
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(chat, deque()).append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled():  # it was given just now
                self.give()
            raise

    def configure(self, amount: int) -> None:
        """Go on with another number: more at once, fewer as those that run come to their end."""
        more, self._amount = amount - self._amount, amount
        self._free += min(0, more)
        for _ in range(more):
            self.give()

    def give(self) -> None:
        while self._queues and self._free >= 0:
            chat, queue = self._queues.popitem(last=False)
            turn = queue.popleft()
            if queue:
                self._queues[chat] = queue  # behind the other chats
            if not turn.done():
                turn.set_result(None)  # handed over: it was never free
                return
        self._free += 1


class Desk:
    """What every execution needs of the house. `reoffer` gives a question what waits in its conversation's lane."""

    __slots__ = ("loops", "operations", "outbox", "parts", "prefix", "reoffer", "slots")

    def __init__(self, *, outbox: Outbox, slots: Slots, operations: Registry, prefix: str) -> None:
        self.outbox = outbox
        self.slots = slots
        self.operations = operations
        self.prefix = prefix
        self.loops = Loops()
        self.parts: Parts | None = None
        self.reoffer: Callable[[SessionKey], None] = lambda _: None


class Execution(Staging):
    """Implements `ports.Execution` and `ports.Answer`.

    `journal` holds the receipts of an earlier try by the order of their sends: a handler that is run again gets them
    instead of sending twice. A send that certainly failed is not in it and is made again. `resumed` says that there
    may have been an earlier try: a question that it has asked is not asked again, its answer waits in the lane. What it
    does counts while its `fence` stands.
    """

    __slots__ = (
        "_asks_anew",
        "_desk",
        "_ordinal",
        "_read_at",
        "accepted_ms",
        "admin",
        "answers",
        "attempts",
        "error",
        "event",
        "fence",
        "holds",
        "journal",
        "marks",
        "only",
        "restarted",
        "resumed",
        "server",
        "stop",
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
        restarted: bool = False,
        fence: Fence | None = None,
        holds: int = 0,
    ) -> None:
        super().__init__()
        self.event = event
        self.fence = fence
        self.holds = holds
        self.admin: Principal | None = None
        self.attempts = attempts
        self.accepted_ms = accepted_ms
        self.answers: list[Execution] = []
        self.marks: list[Mark] = []
        self.error = ""
        self.journal = journal or {}
        self.restarted = restarted
        self.resumed = resumed
        self.only = ""
        self.server: Server | None = None
        # Known at acceptance: whoever looks on hears nothing of it then.
        self.stop: Stop | None = None
        self._asks_anew = not resumed
        self._desk = desk
        self._read_at = read_at
        self._ordinal = 0

    @property
    def prefix(self) -> str:
        return self._desk.prefix

    @property
    def replays(self) -> bool:
        return self._ordinal in self.journal

    def mark(self, stage: str, detail: str = "") -> None:
        self.marks.append(Mark(stage, int((time.monotonic() - self._read_at) * 1e6), detail))

    async def perform(self, action: Action) -> Receipt:
        ordinal = self._ordinal
        self._ordinal += 1
        if (before := self.journal.get(ordinal)) is not None:
            self.mark("send", "made by an earlier try")
            return before
        self._asks_anew = True
        if isinstance(action, Send):
            self._desk.loops.said((action.bot, action.chat), plain_text(action.message))
        self.mark("send")
        receipt = await self._desk.outbox.send(
            self.event.execution,
            ordinal,
            action,
            self.journal,
            written=lambda: self.mark("commit"),
            fence=self.fence,
        )
        self.mark("receipt", type(receipt).__name__.lower())
        return receipt

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
            event = self.event
            await asyncio.shield(self._desk.slots.take((event.bot, event.chat)))
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
