from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest

from kagami.errors import StoreClosed
from kagami.meters import Meters
from kagami.model.action import Failed
from kagami.storage import upkeep
from kagami.storage.config import StoreConfig
from kagami.storage.engine import Params
from kagami.storage.store import SqlStore, open_store
from kagami.storage.upkeep import DAY_MS
from kagami.testing.clock import FakeClock
from tests.storage.make import BOT, CHAT, START_MS, event, send, trace

NOW = START_MS + 100 * DAY_MS


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall_ms=NOW)


async def old_and_new(store: SqlStore, *days: float, text: str = "hello") -> None:
    """A closed event with one answer for each age."""
    for age in days:
        at = NOW - int(age * DAY_MS)
        given = event(f"{text} {age}", time_ms=at)
        store.ledger.accept(given, at)
        store.ledger.begin_send(send(given, f"answer {age}", created_ms=at))
        store.ledger.end_send(given.execution, 0, Failed("no"), at)
        await store.ledger.finish(trace(given), attempts=1)


async def texts(store: SqlStore) -> list[str]:
    return [row.text for row in await store.messages()]


async def test_what_is_older_is_removed(store: SqlStore) -> None:
    await old_and_new(store, 20, 10, 5)
    removed = await store.clean(NOW - 7 * DAY_MS)
    assert (removed.messages, removed.sends, removed.traces) == (2, 2, 2)
    assert (await texts(store), len(await store.traces())) == (["hello 5", "answer 5"], 1)


async def test_measure_tells_what_clean_will_do(store: SqlStore) -> None:
    await old_and_new(store, 20, 10, 5)
    told = await store.measure(NOW - 7 * DAY_MS)
    done = await store.clean(NOW - 7 * DAY_MS)
    assert (told.messages, told.sends, told.traces) == (done.messages, done.sends, done.traces)
    assert 0 < told.bytes < await store.size() + done.bytes


async def test_nothing_that_was_removed_is_found(store: SqlStore) -> None:
    await old_and_new(store, 20, 5)
    await store.digest()
    await store.clean(NOW - 7 * DAY_MS)
    assert [row.text for row in await store.search("hello")] == ["hello 5"]
    assert await store._engine.fetch("hits", {**_ANY, "expression": '"x" OR "0"*'}) != []
    await store.clean(NOW + 1)
    assert await store._engine.fetch("hits", {**_ANY, "expression": '"x" OR "0"*'}) == []


_ANY: Params = {"before": 1 << 40, "most": 9, "bot": "", "chat": "", "user": ""}


async def test_what_comes_after_is_found_again(store: SqlStore) -> None:
    await old_and_new(store, 20)
    await store.digest()
    await store.clean(NOW)
    await old_and_new(store, 1)
    await store.digest()
    assert [row.text for row in await store.search("hello")] == ["hello 1"]


async def test_chats_count_what_is_left(store: SqlStore) -> None:
    await old_and_new(store, 20, 10, 5)
    await store.digest()
    await store.clean(NOW - 7 * DAY_MS)
    assert [(row.messages, row.last_text) for row in await store.chats()] == [(2, "answer 5")]
    assert [row.text for row in await store.messages(bot=BOT, chat=CHAT)] == ["hello 5", "answer 5"]


async def test_a_chat_with_nothing_left_is_gone(store: SqlStore) -> None:
    await old_and_new(store, 20)
    await store.digest()
    await store.clean(NOW)
    assert (await store.chats(), await store.messages(bot=BOT, chat=CHAT)) == ([], [])


async def test_a_duplicate_of_the_last_three_days_is_known_after_a_clean_up(store: SqlStore) -> None:
    at = NOW - 2 * DAY_MS
    await store.ledger.accept(given := event("secret", dedupe="k", native="secret"), at)
    await store.ledger.finish(trace(given, text=""), attempts=1)
    await store.clean(NOW)
    assert await store.ledger.accept(event(dedupe="k"), NOW) is False
    assert (await store.messages(), await store.search("secret")) == ([], [])


async def test_that_key_is_gone_after_three_days(store: SqlStore) -> None:
    at = NOW - 2 * DAY_MS
    await store.ledger.accept(given := event(dedupe="k"), at)
    await store.ledger.finish(trace(given), attempts=1)
    await store.clean(NOW)
    await store.retain(NOW + 2 * DAY_MS)
    assert (BOT, "k") in await store.recent_keys(9)  # kept for as long as messages are
    await store._upkeep._remove(NOW, NOW + 2 * DAY_MS)
    assert await store.recent_keys(9) == []


async def test_an_open_event_stays_with_its_sends(store: SqlStore) -> None:
    given = event("open")
    store.ledger.accept(given, START_MS)
    store.ledger.begin_send(send(given, "done", created_ms=START_MS))
    store.ledger.end_send(given.execution, 0, Failed("no"), START_MS)
    removed = await store.clean(NOW)
    (found,) = await store.recover(NOW)
    assert (removed.messages, removed.sends, found.event, found.sends) == (0, 0, given, {0: Failed("no")})


async def test_a_dead_letter_goes_with_its_event(store: SqlStore) -> None:
    await store.ledger.accept(given := event(), START_MS)
    await store.ledger.finish(trace(given, "dead"), attempts=5)
    await store.clean(NOW)
    assert (await store.dead(), await store.revive(given.execution)) == ([], None)


async def test_a_full_disk_does_not_end_the_upkeep(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "BEAT_S", 0.001)
    passed = asyncio.Event()

    async def step() -> int:
        if not next(numbers):
            raise StoreClosed(reason="database or disk is full")
        passed.set()
        return 0

    numbers = count()
    monkeypatch.setattr(store._upkeep.digest, "step", step)
    running = asyncio.ensure_future(store._upkeep.run())
    async with asyncio.timeout(5):
        await passed.wait()
    running.cancel()


async def test_it_goes_in_chunks(store: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "CHUNK_ROWS", 3)
    monkeypatch.setattr(upkeep, "TRACE_ROWS", 3)
    await old_and_new(store, *range(40, 30, -1), 1)
    removed = await store.clean(NOW - 7 * DAY_MS)
    assert (removed.messages, removed.sends, removed.traces) == (10, 10, 10)


@pytest.fixture
async def filled(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SqlStore]:
    """Some 6 MiB of messages, one each minute."""
    config = StoreConfig(keep_days=30, keep_mb=2)
    async with open_store(str(tmp_path / "k.db"), clock=clock, meters=Meters(), config=config) as store:
        for number in range(3_000):
            at = NOW - (40 * DAY_MS if number < 10 else 20 * DAY_MS) + number
            store.ledger.accept(given := event("x", native="x" * 2_000, time_ms=at), at)
            store.ledger.finish(trace(given), attempts=1)
        await store.ledger.flush()
        yield store


async def test_the_oldest_go_first_when_there_is_too_much(filled: SqlStore) -> None:
    removed = await filled.retain(NOW)
    left = await filled.messages(limit=5_000)
    assert removed.messages == 3_000 - len(left)
    assert 300 < len(left) < 1_000
    assert left[-1].time_ms == NOW - 20 * DAY_MS + 2_999
    assert await filled._engine.used() <= 2 << 20


async def test_a_clean_up_makes_the_file_smaller(filled: SqlStore) -> None:
    before = await filled.size()
    removed = await filled.clean(NOW)
    assert removed.bytes > 5_000_000
    assert await filled.size() < before - 5_000_000


async def test_nothing_is_removed_when_all_is_kept(tmp_path: Path, clock: FakeClock) -> None:
    keep = StoreConfig(keep_days=0, keep_mb=0)
    async with open_store(str(tmp_path / "k.db"), clock=clock, meters=Meters(), config=keep) as store:
        await old_and_new(store, 90)
        assert (await store.retain(NOW)).messages == 0


async def test_what_cannot_be_removed_does_not_stop_it(tmp_path: Path, clock: FakeClock) -> None:
    config = StoreConfig(keep_days=0, keep_mb=1)
    async with open_store(str(tmp_path / "k.db"), clock=clock, meters=Meters(), config=config) as store:
        for _ in range(1_000):
            store.ledger.accept(event(native="x" * 2_000), START_MS)
        await store.ledger.flush()
        assert (await store.retain(NOW)).messages == 0


def test_the_digest_gives_way_to_a_busy_ledger() -> None:
    assert upkeep.rest(0.02, 100) > 5 * upkeep.rest(0.02, 5)
