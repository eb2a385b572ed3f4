from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from kagami.errors import UsageError
from kagami.meters import Meters
from kagami.model.action import Action, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId, ExecutionId, execution_ms
from kagami.model.message import text
from kagami.model.principal import CONSOLE
from kagami.operations import broadcast, registry
from kagami.operations.broadcast import FIRST_ORDINAL, GAUGE, Audience, Broadcast, Broadcasted, Reached
from kagami.ports import ChatRow, Fence, MessageRow, Parts

MakeParts = Callable[..., Parts]
NOW_MS = 1_764_000_000_000
DAY_MS = 86_400_000


class Shelf:
    """Chats by bot, and what an execution sent before."""

    def __init__(self, *chats: tuple[str, str], sent: tuple[MessageRow, ...] = ()) -> None:
        self.rows = [ChatRow(BotId(bot), ChatId(chat), "", NOW_MS, "", "", 1) for bot, chat in chats]
        self.sent = sent
        self.asked: list[dict[str, Any]] = []

    async def chats(self, **asked: Any) -> list[ChatRow]:
        self.asked.append(asked)
        return self.rows

    async def sends(self, execution: ExecutionId) -> tuple[MessageRow, ...]:
        return self.sent

    async def audit(self, *told: Any) -> None:
        pass


class Present:
    """All bots but those of QQ 9 are here."""

    def get(self, bot: BotId) -> object | None:
        return None if bot == "qq:9" else object()


class Recorder:
    """Remembers what it is to send, and answers by chat."""

    def __init__(self, **receipts: Receipt) -> None:
        self.receipts = receipts
        self.sent: list[tuple[ExecutionId, int, Action]] = []

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
        await asyncio.sleep(0)
        self.sent.append((execution, ordinal, action))
        assert isinstance(action, Send)
        return self.receipts.get(action.chat, Sent("1"))

    @property
    def chats(self) -> set[tuple[str, str]]:
        return {(action.bot, action.chat) for _, _, action in self.sent if isinstance(action, Send)}


def parts_of(make_parts: MakeParts, shelf: Shelf, outbox: Recorder) -> Parts:
    return make_parts(store=shelf, bots=Present(), outbox=outbox, meters=Meters())


async def test_the_audience_is_counted_by_bot(make_parts: MakeParts) -> None:
    shelf = Shelf(("qq:1", "group:1"), ("qq:1", "group:2"), ("qq:2", "group:1"))
    parts = parts_of(make_parts, shelf, Recorder())
    assert await registry().call(parts, CONSOLE, Audience(days=2)) == Reached(3, {"qq:1": 2, "qq:2": 1})
    assert shelf.asked[0]["active_since_ms"] == NOW_MS - 2 * DAY_MS


async def test_the_sandbox_absent_bots_and_what_is_no_chat_are_left_out(make_parts: MakeParts) -> None:
    shelf = Shelf(("sandbox:1", "private:1"), ("qq:9", "group:1"), ("qq:1", ""), ("qq:1", "group:1"))
    outbox = Recorder()
    await registry().call(parts_of(make_parts, shelf, outbox), CONSOLE, Broadcast(text="hello"))
    assert outbox.chats == {("qq:1", "group:1")}


async def test_every_outcome_is_counted(make_parts: MakeParts) -> None:
    shelf = Shelf(("qq:1", "a"), ("qq:1", "b"), ("qq:2", "c"), ("qq:2", "d"))
    outbox = Recorder(b=Failed("muted"), d=Unknown("no answer"))
    parts = parts_of(make_parts, shelf, outbox)
    answer = await registry().call(parts, CONSOLE, Broadcast(text="hello"))
    assert answer == Broadcasted(4, 2, 1, 1)
    assert parts.meters.gauge[GAUGE] == 0


async def test_the_text_is_sent_as_it_is(make_parts: MakeParts) -> None:
    outbox = Recorder()
    await registry().call(
        parts_of(make_parts, Shelf(("qq:1", "a")), outbox), CONSOLE, Broadcast(text="[CQ:at,qq=all] {0}")
    )
    assert outbox.sent[0][2] == Send(BotId("qq:1"), ChatId("a"), text("[CQ:at,qq=all] {0}"))


async def test_a_chat_has_the_same_ordinal_in_every_try_and_none_twice(make_parts: MakeParts) -> None:
    tries = []
    for shelf in (Shelf(("qq:1", "a"), ("qq:1", "b")), Shelf(("qq:1", "b"), ("qq:1", "c"), ("qq:1", "a"))):
        outbox = Recorder()
        request = Broadcast(text="hello", execution="x")
        await registry().call(parts_of(make_parts, shelf, outbox), CONSOLE, request)
        assert {execution for execution, _, _ in outbox.sent} == {"x"}
        ordinals = {action.chat: ordinal for _, ordinal, action in outbox.sent if isinstance(action, Send)}
        assert len(set(ordinals.values())) == len(ordinals)
        assert min(ordinals.values()) >= FIRST_ORDINAL
        tries.append(ordinals)
    assert tries[0] == {chat: tries[1][chat] for chat in tries[0]}


async def test_two_chats_never_share_an_ordinal(make_parts: MakeParts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broadcast, "crc32", len)
    outbox = Recorder()
    shelf = Shelf(("qq:1", "a"), ("qq:1", "b"), ("qq:2", "c"))
    await registry().call(parts_of(make_parts, shelf, outbox), CONSOLE, Broadcast(text="hello"))
    assert len({ordinal for _, ordinal, _ in outbox.sent}) == 3


async def test_a_broadcast_that_is_tried_again_leaves_out_who_was_served(make_parts: MakeParts) -> None:
    served = MessageRow(1, "out", 0, BotId("qq:1"), ChatId("a"), "", "hello", ExecutionId("x"), "unknown")  # type: ignore[arg-type]
    outbox = Recorder()
    shelf = Shelf(("qq:1", "a"), ("qq:1", "b"), sent=(served,))
    await registry().call(parts_of(make_parts, shelf, outbox), CONSOLE, Broadcast(text="hello", execution="x"))
    assert outbox.chats == {("qq:1", "b")}


async def test_without_an_event_a_broadcast_has_an_execution_of_its_own(make_parts: MakeParts) -> None:
    outbox = Recorder()
    await registry().call(parts_of(make_parts, Shelf(("qq:1", "a")), outbox), CONSOLE, Broadcast(text="hello"))
    assert execution_ms(outbox.sent[0][0]) == NOW_MS


@pytest.mark.parametrize("wrong", [Broadcast(text="  "), Broadcast(text="x", days=0), Broadcast(text="x", days=-1)])
async def test_a_broadcast_without_sense_is_refused(make_parts: MakeParts, wrong: Broadcast) -> None:
    with pytest.raises(UsageError):
        await registry().call(parts_of(make_parts, Shelf(), Recorder()), CONSOLE, wrong)
