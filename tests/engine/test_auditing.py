from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.engine.auditing import close_begun
from kagami.meters import Meters
from kagami.model.principal import CONSOLE, Principal
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock

ANN = Principal("person", "ann", address="192.0.2.7")


@pytest.fixture
async def store() -> AsyncIterator[SqlStore]:
    async with open_store(":memory:", clock=FakeClock(), meters=Meters()) as opened:
        yield opened


async def said(store: SqlStore, *rows: tuple[Principal, str, str]) -> list[tuple[str, str, str, str]]:
    """Write rows, close what was begun, and tell what that added."""
    for who, operation, result in rows:
        await store.audit(1, who, operation, "{}", result)
    await close_begun(store, FakeClock())
    found = [(each.name, each.address, each.operation, each.result) for each in await store.audits(limit=100)]
    return found[: len(found) - len(rows)][::-1]


async def test_what_was_begun_and_has_no_end_was_interrupted(store: SqlStore) -> None:
    rows = [(ANN, "backup.now", "begun"), (CONSOLE, "bots.pause", "begun"), (CONSOLE, "bots.pause", "ok")]
    assert await said(store, *rows) == [("ann", "192.0.2.7", "backup.now", "interrupted")]


async def test_it_is_said_once(store: SqlStore) -> None:
    await said(store, (ANN, "backup.now", "begun"))
    assert await close_begun(store, FakeClock()) == 0


@pytest.mark.parametrize("result", ["ok", "failed", "refused: Conflict"])
async def test_every_end_is_one(store: SqlStore, result: str) -> None:
    assert await said(store, (ANN, "bots.add", "begun"), (ANN, "bots.add", result)) == []


async def test_of_two_alike_one_may_have_ended(store: SqlStore) -> None:
    rows = [(ANN, "bots.add", "begun"), (ANN, "bots.add", "begun"), (ANN, "bots.add", "ok")]
    assert [result for *_, result in await said(store, *rows)] == ["interrupted"]


async def test_what_somebody_else_did_and_what_was_denied_ends_nothing(store: SqlStore) -> None:
    rows = [(ANN, "bots.add", "begun"), (CONSOLE, "bots.add", "ok"), (ANN, "bots.add", "denied")]
    assert [name for name, *_ in await said(store, *rows)] == ["ann"]
