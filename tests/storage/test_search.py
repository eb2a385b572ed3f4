from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kagami.meters import Meters
from kagami.model.ids import BotId, ChatId, UserId
from kagami.storage import search
from kagami.storage.store import SqlStore, open_store
from kagami.storage.words import contains, normal
from kagami.testing.clock import FakeClock
from tests.storage.make import START_MS, event, send, trace

LETTERS = st.sampled_from("aAbß 中文字\"*'-:😀")
TEXTS = st.lists(st.text(LETTERS, max_size=8), max_size=12)


async def say(store: SqlStore, *texts: str) -> None:
    for each in texts:
        store.ledger.accept(event(each), START_MS)
    await store.ledger.flush()


async def found(store: SqlStore, text: str, **filters: str) -> list[str]:
    return [row.text for row in await store.search(text, **filters)]  # type: ignore[arg-type]


@pytest.fixture(params=["digested", "new"])
def digested(request: pytest.FixtureRequest) -> bool:
    """Whether the index knows the messages, or they are read directly."""
    return bool(request.param == "digested")


async def test_two_ideographs_are_found(store: SqlStore, digested: bool) -> None:
    await say(store, "今天天气好", "天下太平", "气")
    if digested:
        await store.digest()
    assert await found(store, "天气") == ["今天天气好"]


@pytest.mark.parametrize(
    "wanted", ["'; DROP TABLE events", '"', "a OR b", "NEAR(a b)", "*", "%", "_", "\x00", "tokens:a"]
)
async def test_a_query_is_never_syntax(store: SqlStore, digested: bool, wanted: str) -> None:
    await say(store, "nothing of the kind", f"before {wanted} after")
    if digested:
        await store.digest()
    assert len(await found(store, wanted)) == 1


async def test_a_lone_surrogate_finds_nothing(store: SqlStore) -> None:
    await say(store, "x")
    await store.digest()
    assert await store.search("\ud800", chat="\ud800") == []


async def test_nothing_is_found_by_nothing(store: SqlStore) -> None:
    await say(store, "x", "")
    assert (await found(store, ""), await found(store, " \n"), await store.search("x", limit=0)) == ([], [], [])


async def test_answers_are_found_too(store: SqlStore, digested: bool) -> None:
    await store.ledger.begin_send(send(event(), "the answer"))
    if digested:
        await store.digest()
    assert [row.direction for row in await store.search("answer")] == ["out"]


async def test_filters_narrow(store: SqlStore, digested: bool) -> None:
    for bot, chat, user in (("qq:1", "group:1", "1"), ("qq:2", "group:1", "2"), ("qq:2", "group:2", "2")):
        given_event = event(f"hello {bot} {chat} {user}", bot=BotId(bot), chat=ChatId(chat), user=UserId(user))
        await store.ledger.accept(given_event, START_MS)
    if digested:
        await store.digest()
    amounts = [len(await store.search("hello", bot="qq:2")), len(await store.search("h", chat="group:1"))]
    amounts += [len(await store.search("hello", user="2", chat="group:2")), len(await store.search("hello", user="3"))]
    assert amounts == [2, 2, 1, 0]


async def test_before_and_limit_page_through(store: SqlStore) -> None:
    await say(store, *(f"page {number}" for number in range(30)))
    await store.digest()
    await say(store, *(f"page {number}" for number in range(30, 40)))
    seen: list[str] = []
    before = 0
    while rows := await store.search("page", before=before, limit=7):
        seen += [row.text for row in rows]
        before = rows[-1].id
    assert seen == [f"page {number}" for number in range(39, -1, -1)]


async def test_many_hits_are_walked_in_steps(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "FIRST_STEP", 2)
    monkeypatch.setattr(search, "READ_FOR_SHORT", 3)
    # Each holds the pieces, few the text.
    await say(store, "abcd1", *["abc bcd"] * 30, "abcd2")
    await store.digest()
    assert (await found(store, "abcd"), len(await found(store, "d"))) == (["abcd2", "abcd1"], 32)


async def test_the_outcome_is_that_of_now(store: SqlStore, digested: bool) -> None:
    await store.ledger.accept(given_event := event("hello"), START_MS)
    if digested:
        await store.digest()
    await store.ledger.finish(trace(given_event, "denied"), attempts=1)
    assert [row.outcome for row in await store.search("hello")] == ["denied"]


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, TEXTS, st.text(LETTERS, min_size=1, max_size=4))
async def test_search_is_a_search_for_parts(known: list[str], new: list[str], wanted: str) -> None:
    async with open_store(":memory:", clock=FakeClock(), meters=Meters()) as store:
        await say(store, *known)
        await store.digest()
        await say(store, *new)
        shape = normal(wanted)
        naive = [text for text in reversed(known + new) if shape and contains(text, shape)]
        assert await found(store, wanted) == naive
