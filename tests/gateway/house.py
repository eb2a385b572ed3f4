"""What serving applications stands on, without a network: a socket that is told, accounts that answer, a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import msgspec

from kagami.clock import Clock
from kagami.core.admission import Admission
from kagami.core.position import Position
from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk
from kagami.errors import NotFound
from kagami.gateway.means import Means
from kagami.gateway.places import Places
from kagami.meters import Meters
from kagami.model.action import Action, Receipt, Sent
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId, execution_id
from kagami.model.message import text
from kagami.net.supervise import Nursery
from kagami.ports import Bot, BotHealth, BotRow, BotState, Fence, Happened, Passed, Reader, Worker
from kagami.testing.clock import START_MS, FakeClock
from kagami.testing.numbers import MemoryNumbers
from kagami.testing.values import MemoryValues

QQ, FEISHU = BotId("qq:10001"), BotId("feishu:cli_1")
GROUP = ChatId("group:42")


def qq_event(number: int = 1, words: str = "hello", *, group: int = 42, at_ms: int = START_MS) -> Event:
    """As an implementation brings it."""
    frame = {
        "self_id": 10001, "post_type": "message", "message_type": "group", "group_id": group, "user_id": 7,
        "message_id": number, "message": [{"type": "text", "data": {"text": words}}], "time": at_ms // 1000,
    }  # fmt: skip
    return Event(
        execution_id(at_ms, number), QQ, "message", "group", ChatId(f"group:{group}"), UserId("7"), at_ms,
        f"m:{number}", text(words), str(number), native=msgspec.json.encode(frame).decode(),
    )  # fmt: skip


def feishu_event(number: int = 1, words: str = "hello", *, at_ms: int = START_MS) -> Event:
    """Of a platform whose ids are no numbers."""
    return Event(
        execution_id(at_ms, number), FEISHU, "message", "group", ChatId("group:oc_1"), UserId("ou_1"), at_ms,
        f"m:om_{number}", text(words), f"om_{number}", native='{"schema":"2.0"}',
    )  # fmt: skip


class Account:
    def __init__(self, name: BotId, state: BotState = "online") -> None:
        self.id = name
        self.name = "Mira"
        self.adapter = "feishu" if name == FEISHU else "onebot11"
        self.state: BotState = state

    @property
    def reachable(self) -> bool:
        return self.state == "online"


class Accounts:
    """Implements `ports.Bots`."""

    def __init__(self, *names: BotId) -> None:
        self.here = {name: Account(name) for name in names}
        self.elsewhere: list[BotRow] = []

    def move(self, name: BotId) -> None:
        """It is at another process now."""
        each = self.here.pop(name)
        self.elsewhere.append(BotRow(name, each.name, each.adapter, BotHealth(each.state), node="b"))

    def rows(self) -> list[BotRow]:
        here = [BotRow(each.id, each.name, each.adapter, BotHealth(each.state)) for each in self.here.values()]
        return here + self.elsewhere

    def get(self, bot: BotId) -> Bot | None:
        return cast("Bot | None", self.here.get(bot))


class Letters:
    """Implements `ports.Outbox`: `receipt` says what came of an action."""

    def __init__(self) -> None:
        self.sent: list[tuple[ExecutionId, int, Action]] = []
        self.receipt: Callable[[Action], Receipt] = lambda _: Sent("900")

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
        self.sent.append((execution, ordinal, action))
        written()
        await asyncio.sleep(0)
        return self.receipt(action)

    @property
    def actions(self) -> list[Action]:
        return [action for _, _, action in self.sent]


class Flow:
    """Implements `ports.Stream` in a list."""

    slots = 1

    def __init__(self) -> None:
        self.newest = 0
        self.rows: list[Happened] = []
        self.hidden: set[str] = set()
        self.gap = Passed()
        self.followers = 0
        self._more = asyncio.Event()

    @property
    def reached(self) -> Position:
        return Position([self.newest])

    @asynccontextmanager
    async def follow(self) -> AsyncIterator[Position]:
        self.followers += 1
        try:
            yield self.reached
        finally:
            self.followers -= 1

    def happens(self, event: Event, at_ms: int | None = None) -> None:
        self.newest += 2  # sends have numbers too
        self.rows.append(Happened(self.newest, event, event.time_ms if at_ms is None else at_ms))
        self._more.set()

    async def after(self, reader: Reader, idle: Callable[[], None] = lambda: None) -> list[Happened]:
        while not (found := [each for each in self.rows if not reader.position.has(each.number)][:3]):
            idle()
            self._more.clear()
            await self._more.wait()
        return found

    async def passed(self, position: Position, before_ms: int, most: int) -> Passed:
        return self.gap

    def hides(self, event: Event) -> bool:
        return event.dedupe in self.hidden


class Watch:
    """Implements `ports.Posts`."""

    def __init__(self) -> None:
        self.workers: list[Worker] = []
        self.notes: list[tuple[str, float]] = []
        self.stopped: set[str] = set()

    def attach(self, worker: Worker) -> None:
        self.workers.append(worker)

    def detach(self, worker: Worker) -> None:
        self.workers.remove(worker)

    def note(self, worker: str, seconds: float) -> None:
        self.notes.append((worker, seconds))

    def drained(self, worker: str) -> bool:
        return worker in self.stopped


class Shelf:
    """The two methods of `ports.Media` that are used here."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def accept(self, content: bytes) -> str:
        reference = f"media:{len(self.kept):064x}.png"
        self.kept[reference] = content
        return reference

    async def read(self, reference: str) -> bytes:
        if reference not in self.kept:
            raise NotFound(what="file", name=reference)
        return self.kept[reference]


class Wire:
    """Implements `ports.Socket`: what was sent is in `frames`, `says` is the peer's, `reads` whether it reads.

    Pings are answered while `goes_on` is set.
    """

    peer = "127.0.0.1:1"

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.reads = True
        self.paused: Callable[[], bool] | None = None
        self.probes = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self._hear: Callable[[bytes], None] = lambda _: None
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._more = asyncio.Event()

    async def send(self, frame: bytes) -> None:
        if self._ended.done():
            raise EOFError("the connection is closed")
        self.frames.append(frame)
        self._more.set()

    async def receive(self) -> bytes:
        await self._ended
        raise EOFError("closed")

    async def listen(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        await asyncio.shield(self._ended)
        raise EOFError("closed by the peer (1000)")

    def pause_while(self, crowded: Callable[[], bool]) -> None:
        self.paused = crowded

    async def probe(self, limit: float) -> float | None:
        self.probes += 1
        await self.goes_on.wait()
        await asyncio.sleep(0)
        return 0.001 if self.reads and not self._ended.done() else None

    async def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)
        self.end()

    async def closing(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._ended), 2)

    def says(self, action: str, echo: Any = 1, **params: Any) -> None:
        self._hear(msgspec.json.encode({"action": action, "params": params, "echo": echo}))

    def end(self) -> None:
        if not self._ended.done():
            self._ended.set_result(None)

    @property
    def told(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(frame) for frame in self.frames]

    @property
    def texts(self) -> list[str]:
        """What the messages say that were sent."""
        said = [each for each in self.told if each.get("post_type") == "message"]
        return ["".join(part["data"].get("text", "") for part in each["message"]) for each in said]

    async def until(self, found: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not found():
                self._more.clear()
                await self._more.wait()


class House:
    """Means with everything in them in reach."""

    def __init__(self, nursery: Nursery, clock: Clock | None = None, *, privacy: bool = False) -> None:
        self.accounts = Accounts(QQ, FEISHU)
        self.letters = Letters()
        self.flow = Flow()
        self.watch = Watch()
        self.shelf = Shelf()
        self.values = MemoryValues()
        self.numbers = MemoryNumbers()
        self.privacy = PrivacyDesk(PrivacyConfig(enabled=privacy, where=("children",)))
        self.clock = clock or FakeClock()
        self.places = Places()
        self.meters = Meters()
        self.nursery = nursery
        parts: Any = self.values
        media: Any = self.shelf
        self.means = Means(
            store=parts, stream=self.flow, numbers=self.numbers, bots=self.accounts, posts=self.watch,
            outbox=self.letters, privacy=self.privacy, media=media, places=self.places, nursery=nursery,
            clock=self.clock, meters=self.meters, new_execution=lambda: ExecutionId("new"), version="1.2.3",
            common_ms=self.clock.wall_ms,
        )  # fmt: skip

    async def nursery_is_done(self) -> None:
        async with asyncio.timeout(10):
            while len(self.nursery):
                await asyncio.sleep(0)

    async def number(self, name: str) -> int:
        return (await self.numbers.give({name: ""}))[name]


ALL = Admission()
