"""What the hub's tests put around it: a ledger that remembers, a bot that answers as told, a clock that is told."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from kagami.core.pace import Pace
from kagami.hub.execution import Desk, Execution, Slots
from kagami.model.action import Action, Failed, Receipt, Sent
from kagami.model.event import Event, Kind
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.model.principal import Principal
from kagami.model.trace import Trace
from kagami.operations import registry
from kagami.ports import Answer, Aside, BotHealth, BotState, FeedRow, Fence, Handled, Outbox, SendRow, StorePut
from kagami.ports import Execution as PortExecution

T = TypeVar("T")
QQ = BotId("qq:1000")


def event(number: int = 1, words: str = "hello", *, user: str = "42", kind: Kind = "message", bot: BotId = QQ) -> Event:
    return Event(
        ExecutionId(f"execution-{number}"), bot, kind, "group" if kind == "message" else "group_increase",
        ChatId("group:7"), UserId(user), time_ms=0, dedupe=f"m:{number}", message=text(words), message_id=str(number),
    )  # fmt: skip


def settled(value: T) -> asyncio.Future[T]:
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


class StillClock:
    """Time moves only when somebody sleeps or `now` is set."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.set_back_s = 0.0
        self.slept: list[float] = []

    def wall_ms(self) -> int:
        return int((self.now - self.set_back_s) * 1000)

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


class Book:
    """Implements `ports.Ledger` in lists. Sends become durable when `held` is done, if there is such a future."""

    def __init__(self) -> None:
        self.crowded = False
        self.accepted: list[Event] = []
        self.begun: list[SendRow] = []
        self.ended: list[tuple[ExecutionId, int, Receipt]] = []
        self.closed: list[tuple[Trace, tuple[StorePut, ...], tuple[Trace, ...], int]] = []
        self.recorded: list[Trace] = []
        self.refuses: Exception | None = None
        self.held: asyncio.Future[None] | None = None
        self.takes = True
        self.aside: Aside | None = None
        self.newest = 0
        self.fences: list[Fence | None] = []
        self.told = asyncio.Event()

    def accept(self, event: Event, accepted_ms: int, *, once: bool = False) -> Awaitable[bool]:
        self.accepted.append(event)
        self.newest += 1
        return settled(True)

    def begin_send(self, row: SendRow, fence: Fence | None = None) -> Awaitable[None]:
        if self.refuses:
            raise self.refuses
        self.begun.append(row)
        self.fences.append(fence)
        return self.held or settled(None)

    def ask_send(self, row: SendRow, node: str, fence: Fence | None = None) -> Awaitable[None]:
        del node
        return self.begin_send(row, fence)

    def end_send(self, execution: ExecutionId, ordinal: int, receipt: Receipt, done_ms: int) -> None:
        self.ended.append((execution, ordinal, receipt))

    def finish(
        self,
        trace: Trace,
        *,
        attempts: int,
        effects: Sequence[StorePut] = (),
        answers: Sequence[Trace] = (),
        retry_at_ms: int = 0,
        fence: Fence | None = None,
    ) -> Awaitable[None]:
        self.fences.append(fence)
        self.closed.append((trace, tuple(effects), tuple(answers), retry_at_ms))
        self.told.set()
        return settled(None)

    def record(self, trace: Trace) -> None:
        self.recorded.append(trace)

    async def flush(self) -> None:
        return

    @property
    def outcomes(self) -> list[str]:
        return [row[0].outcome for row in self.closed]

    async def until(self, amount: int) -> None:
        """Until so many events are closed."""
        async with asyncio.timeout(5):
            while len(self.closed) < amount:
                self.told.clear()
                await self.told.wait()


class Account:
    """Implements `ports.Bot`."""

    def __init__(self, name: BotId = QQ, receipt: Receipt | None = None, state: BotState = "online") -> None:
        self.id = name
        self.name = str(name)
        self.adapter = "onebot11"
        self.pace = Pace()
        self.receipt = receipt or Sent("900")
        self.state = state
        self.performed: list[Action] = []
        self.hold: asyncio.Event | None = None

    @property
    def reachable(self) -> bool:
        return self.state == "online"

    def health(self) -> BotHealth:
        return BotHealth(self.state)

    async def perform(self, action: Action) -> Receipt:
        self.performed.append(action)
        if self.hold:
            await self.hold.wait()
        return self.receipt

    async def close(self, reason: str) -> None:
        self.state = "stopped"


class Worker:
    """Implements `ports.Runtime` by a function."""

    def __init__(self, handle: Callable[[PortExecution], Awaitable[Handled]]) -> None:
        self._handle = handle
        self.wanted = True

    def wants(self, execution: PortExecution) -> bool:
        return self.wanted

    async def handle(self, execution: PortExecution) -> Handled:
        return await self._handle(execution)

    def serves(self, plugin: str) -> bool:
        return plugin == "weather"

    def takers(self, event: Event, only: str = "") -> list[str]:
        return [f"{only or 'echo'}@1"] if self.wanted else []


class Hand:
    """Implements `ports.Worker`: remembers what it heard, and takes `seconds` of a clock for each."""

    def __init__(
        self, name: str, pool: str = "", weight: float = 1.0, *, clock: StillClock | None = None, seconds: float = 0.0
    ) -> None:
        self.name = name
        self.pool = pool
        self.weight = weight
        self.live = True
        self.tells_pace = False
        self.hidden: set[str] = set()
        self.clock, self.seconds = clock, seconds
        self.fails: Exception | None = None
        self.heard: list[str] = []

    def admits(self, event: Event) -> bool:
        return self.takes(event)

    def takes(self, event: Event) -> bool:
        return event.chat not in self.hidden

    def feed(self) -> FeedRow | None:
        return None

    async def handle(self, execution: PortExecution) -> Handled:
        self.heard.append(execution.event.dedupe)
        if self.clock:
            self.clock.now += self.seconds
        if self.fails:
            raise self.fails
        return Handled(self.name, "handled")


class Kept:
    """What a store keeps by namespace and key."""

    def __init__(self, **kept: dict[str, str]) -> None:
        self.kept = {f"@{name}": values for name, values in kept.items()}

    async def get(self, plugin: str, key: str) -> str | None:
        return self.kept.get(plugin, {}).get(key)

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        return {key: value for key, value in self.kept.get(plugin, {}).items() if key.startswith(prefix)}


class NoQuestions:
    """Implements `ports.Dialogs`: nothing is asked, unless `takes` says so."""

    def __init__(self, takes: Callable[[Answer], bool] = lambda _: False) -> None:
        self.takes = takes

    def offer(self, answer: Answer) -> bool:
        return self.takes(answer)

    def close(self) -> None:
        self.takes = lambda _: False


class Letters:
    """Implements `ports.Outbox`: everything is sent."""

    def __init__(self, receipt: Receipt | None = None) -> None:
        self.sent: list[tuple[ExecutionId, int, Action]] = []
        self.receipt = receipt or Sent("900")

    async def send(
        self,
        execution: ExecutionId,
        ordinal: int,
        action: Action,
        journal: dict[int, Receipt] | None = None,
        *,
        written: Callable[[], None] = lambda: None,
        worker: str = "",
        fence: Fence | None = None,
    ) -> Receipt:
        written()
        self.sent.append((execution, ordinal, action))
        if journal is not None and not isinstance(self.receipt, Failed):
            journal[ordinal] = self.receipt
        return self.receipt


class Audits:
    """The one method of a store that the chat desk uses."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str, str]] = []
        self.told = asyncio.Event()

    async def audit(self, at_ms: int, principal: Principal, operation: str, target: str, result: str) -> None:
        self.rows.append((principal.name, operation, result))
        self.told.set()


def desk(outbox: Outbox | None = None, slots: Slots | None = None) -> Desk:
    return Desk(outbox=outbox or Letters(), slots=slots or Slots(8), operations=registry(), prefix="/")


def execution(number: int = 1, words: str = "hello", *, at: Desk | None = None, attempts: int = 0) -> Execution:
    return Execution(event(number, words), at or desk(), read_at=0.0, accepted_ms=5, attempts=attempts)
