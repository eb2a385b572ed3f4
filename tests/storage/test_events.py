"""Recovery across processes; what one process can see of it is in `test_store`."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagami.meters import Meters
from kagami.model.action import Sent, Unknown
from kagami.storage.events import GAVE_UP
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from tests.storage.make import START_MS, event, send, trace


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "k.db")


async def test_a_new_process_finds_what_was_open(path: str, clock: FakeClock) -> None:
    done, tried, fresh = event("done"), event("tried"), event("fresh")
    async with open_store(path, clock=clock, meters=Meters()) as store:
        for given in (done, tried, fresh):
            store.ledger.accept(given, START_MS)
        for ordinal in (0, 1):
            store.ledger.begin_send(send(tried, ordinal=ordinal))
        store.ledger.end_send(tried.execution, 0, Sent("9"), START_MS)
        store.ledger.finish(trace(done), attempts=1)
        store.ledger.finish(trace(tried, "retry", error="boom"), attempts=1, retry_at_ms=START_MS + 60_000)
    async with open_store(path, clock=clock, meters=Meters()) as store:
        first, second = await store.recover(START_MS)
    assert (first.event, first.attempts, first.error) == (tried, 1, "boom")
    assert first.sends == {0: Sent("9"), 1: Unknown(GAVE_UP)}
    assert (second.event, second.attempts, second.sends) == (fresh, 0, {})


async def test_a_send_of_no_event_is_unknown_too(path: str, clock: FakeClock) -> None:
    given = event()
    async with open_store(path, clock=clock, meters=Meters()) as store:
        await store.ledger.begin_send(send(given))
    async with open_store(path, clock=clock, meters=Meters()) as store:
        assert await store.recover(START_MS) == []
        assert [row.outcome for row in await store.sends(given.execution)] == ["unknown"]


async def test_the_newest_dead_letters_come_first(store: SqlStore) -> None:
    for said in ("a", "b", "c"):
        store.ledger.accept(given := event(said), START_MS)
        await store.ledger.finish(trace(given, "dead"), attempts=5)
    assert [found.event.text for found in await store.dead(2)] == ["c", "b"]
