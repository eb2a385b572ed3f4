"""What the cluster's tests put around it."""

from __future__ import annotations

from collections.abc import Callable, Collection

from kagami.cluster.membership import Membership
from kagami.core.partition import part_of
from kagami.model.action import Send
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.ports import Due, NodeState, Open, Role, SendRow
from kagami.testing.clock import FakeClock
from kagami.testing.cluster import Database

BOT = BotId("qq:1")
SECONDS = 15.0


def member(
    database: Database,
    clock: FakeClock,
    node: str = "a",
    role: Role = "all",
    *,
    seconds: float = SECONDS,
    parts: Callable[[], tuple[int, ...]] = tuple,
) -> Membership:
    return Membership(
        database,
        database.nodes,
        clock,
        node=node,
        role=role,
        seconds=seconds,
        state=lambda: NodeState(waiting=3, parts=parts()),
    )


def event(number: int, chat: str = "group:7") -> Event:
    return Event(
        ExecutionId(f"execution-{number}"), BOT, "message", "group", ChatId(chat), UserId("42"),
        time_ms=0, dedupe=f"m:{number}", message=text("hello"), message_id=str(number),
    )  # fmt: skip


def due(number: int, chat: str = "group:7", *, attempts: int = 0) -> Due:
    found = event(number, chat)
    return Due(number, part_of(found.bot, found.chat), Open(found, 0, attempts))


def send_row(number: int, chat: str = "group:7", bot: BotId = BOT) -> SendRow:
    action = Send(bot, ChatId(chat), text("hi"))
    return SendRow(ExecutionId(f"execution-{number}"), 0, bot, action.chat, "hi", action, 0)


class Shop:
    """Who handles events: remembers them."""

    def __init__(self) -> None:
        self.waiting = 0
        self.taken: list[Open] = []
        self.dropped: list[str] = []
        self.finished: list[tuple[list[str], float]] = []

    def take(self, found: Open) -> None:
        self.taken.append(found)
        self.waiting += 1

    def drop(self, leases: Collection[str]) -> None:
        self.dropped += leases

    async def finish(self, leases: Collection[str], seconds: float) -> None:
        self.finished.append((list(leases), seconds))

    @property
    def numbers(self) -> list[str]:
        return [each.event.message_id for each in self.taken]
