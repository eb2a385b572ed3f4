from __future__ import annotations

import msgspec
import pytest

from kagami.model.action import Failed, Receipt, Unknown
from kagami.model.event import Sender
from kagami.model.ids import BotId, ChatId
from kagami.storage.store import SqlStore
from tests.storage.make import BOT, CHAT, START_MS, event, send, trace

OTHER = ChatId("group:2")


async def talk(store: SqlStore) -> None:
    """Three lines here, one elsewhere, and a notice."""
    first = event("one")
    store.ledger.accept(first, START_MS)
    store.ledger.accept(event("elsewhere", chat=OTHER, bot=BotId("qq:2")), START_MS)
    store.ledger.begin_send(send(first, "two"))
    store.ledger.accept(event(kind="notice", name="poke", message=()), START_MS)
    store.ledger.accept(event("three"), START_MS)
    await store.ledger.flush()


@pytest.fixture(params=[0, 2, 100])
def digested(request: pytest.FixtureRequest) -> int:
    """How many lines the digest has read when a test asks."""
    return int(request.param)


async def test_lines_of_both_directions_come_oldest_first(store: SqlStore) -> None:
    await talk(store)
    assert [row.text for row in await store.messages()] == ["one", "elsewhere", "two", "three"]


async def test_lines_of_a_chat_are_its_own(store: SqlStore, digested: int) -> None:
    await talk(store)
    await store._upkeep.digest.step(digested)
    assert [row.text for row in await store.messages(bot=BOT, chat=CHAT)] == ["one", "two", "three"]


async def test_lines_of_a_bot_or_a_place_are_its_own(store: SqlStore) -> None:
    await talk(store)
    assert [row.text for row in await store.messages(bot=BotId("qq:2"))] == ["elsewhere"]
    assert [row.text for row in await store.messages(chat=CHAT)] == ["one", "two", "three"]


async def test_ids_page_backwards(store: SqlStore, digested: int) -> None:
    for number in range(10):
        store.ledger.accept(event(str(number)), START_MS)
    await store.ledger.flush()
    await store._upkeep.digest.step(digested)
    seen: list[str] = []
    before = 0
    while rows := await store.messages(bot=BOT, chat=CHAT, before=before, limit=3):
        seen = [row.text for row in rows] + seen
        before = rows[0].id
    assert seen == [str(number) for number in range(10)]


async def test_no_lines_are_asked_for(store: SqlStore) -> None:
    await talk(store)
    assert await store.messages(limit=0) == []


async def test_a_line_says_who_and_where(store: SqlStore) -> None:
    given = event("hi", sender=Sender("n", "card"), chat_name="room", message_id="m9")
    await store.ledger.accept(given, START_MS)
    (row,) = await store.messages()
    assert (row.sender, row.chat_name, row.message_id, row.user) == ("card", "room", "m9", given.user)
    assert (row.execution, row.time_ms, row.outcome) == (given.execution, given.time_ms, "")


async def test_a_line_out_is_said_by_the_account(store: SqlStore) -> None:
    await store.ledger.begin_send(send(given := event(), "hi"))
    store.ledger.end_send(given.execution, 0, Failed("muted"), START_MS)
    await store.ledger.flush()
    (row,) = await store.messages()
    assert (row.direction, row.user, row.outcome, row.reason) == ("out", "10001000", "failed", "muted")


async def test_the_outcome_is_the_trace_s(store: SqlStore) -> None:
    await store.ledger.accept(given := event(), START_MS)
    await store.ledger.finish(trace(given, "limited"), attempts=1)
    assert [row.outcome for row in await store.messages()] == ["limited"]


async def test_chats_come_latest_first_with_their_last_line(store: SqlStore, digested: int) -> None:
    await talk(store)
    await store._upkeep.digest.step(digested)
    rows = [(row.chat, row.last_text, row.messages) for row in await store.chats()]
    assert rows == [(CHAT, "three", 3), (OTHER, "elsewhere", 1)]


async def test_a_chat_keeps_its_name_when_the_bot_spoke_last(store: SqlStore, digested: int) -> None:
    await store.ledger.accept(given := event(chat_name="room"), START_MS)
    await store.ledger.begin_send(send(given, "answer"))
    await store._upkeep.digest.step(digested)
    (row,) = await store.chats()
    assert (row.chat_name, row.last_text, row.last_sender) == ("room", "answer", "")


async def test_a_renamed_chat_has_its_new_name(store: SqlStore, digested: int) -> None:
    for name in ("zoo", "ark"):
        await store.ledger.accept(event(chat_name=name), START_MS)
        await store._upkeep.digest.step(digested)
    assert [row.chat_name for row in await store.chats()] == ["ark"]


async def test_chats_can_be_chosen(store: SqlStore) -> None:
    await store.ledger.accept(event(chat=ChatId("group:77"), chat_name="镜 Room", time_ms=START_MS), START_MS)
    await store.ledger.accept(event(chat=OTHER, chat_name="50% off_", time_ms=START_MS + 9), START_MS)
    chosen = [await store.chats(contains=part) for part in ("镜", "room", ":77", "50%", "%", "o_f")]
    assert [[row.chat for row in rows] for rows in chosen] == [["group:77"]] * 3 + [[OTHER]] * 2 + [[]]
    assert [row.chat for row in await store.chats(active_since_ms=START_MS + 1)] == [OTHER]
    assert [row.chat for row in await store.chats(limit=1)] == [OTHER]


async def test_sends_in_doubt_are_those_of_one_bot_since_a_time(store: SqlStore) -> None:
    first = event("one")
    receipts: list[Receipt] = [Unknown("no answer"), Failed("no"), Unknown("no answer")]
    for ordinal, receipt in enumerate(receipts):
        row = msgspec.structs.replace(send(first, f"to {ordinal}"), ordinal=ordinal, created_ms=START_MS + ordinal)
        store.ledger.begin_send(row)
        store.ledger.end_send(row.execution, ordinal, receipt, START_MS)
    found = await store.doubtful(BOT, START_MS)
    assert [(row.ordinal, row.text, row.created_ms) for row in found] == [
        (0, "to 0", START_MS),
        (2, "to 2", START_MS + 2),
    ]
    assert [row.ordinal for row in await store.doubtful(BOT, START_MS + 1)] == [2]
    assert await store.doubtful(BotId("qq:2"), START_MS) == []
