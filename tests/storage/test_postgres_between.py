"""Questions beside the writer, in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from kagami.errors import StoreClosed
from kagami.storage.engine import Params
from kagami.storage.postgres import PostgresEngine, open_postgres
from kagami.testing.postgres import PostgresServer

LIMIT_S = 20.0
LEASE: Params = {"name": "part:1", "owner": "a", "ms": 15_000}


@pytest.fixture
async def url(postgres: PostgresServer, migrated: str) -> AsyncIterator[str]:
    made = postgres.create(template=migrated)
    yield made
    postgres.drop(made)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[PostgresEngine]:
    async with open_postgres(url) as opened:
        yield opened


async def test_it_waits_for_nothing_that_the_writer_does(engine: PostgresEngine, url: str) -> None:
    other: asyncpg.Connection[Any] = await asyncpg.connect(url)
    try:
        async with asyncio.timeout(LIMIT_S), other.transaction():
            await other.execute("LOCK TABLE plugin_values")
            writing = engine.write("batch", {"written": [("p", "k", "1")]})
            assert await engine.between.ask("seize_lease", LEASE) == [["part:1", 1]]
            assert not writing.done()
        await writing
    finally:
        await other.close()


async def test_what_was_claimed_is_seen_at_once(engine: PostgresEngine) -> None:
    await engine.between.ask("seize_lease", LEASE)
    ((name, epoch, owner, _),) = await engine.between.fetch("leases")
    assert (name, epoch, owner) == ("part:1", 1, "a")


async def test_looking_changes_nothing(engine: PostgresEngine) -> None:
    with pytest.raises(StoreClosed, match="read-only"):
        await engine.between.fetch("seize_lease", LEASE)


async def test_a_lost_connection_is_made_anew(engine: PostgresEngine, postgres: PostgresServer, url: str) -> None:
    await engine.between.ask("seize_lease", LEASE)
    await engine.between.fetch("leases")
    postgres.run(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE application_name IN ('kagami claims', 'kagami looks') AND datname = current_database()",
        url.rpartition("/")[2],
    )
    with pytest.raises(StoreClosed):  # whether it was done is not known
        await engine.between.ask("seize_lease", LEASE)
    assert await engine.between.ask("seize_lease", LEASE) == [["part:1", 2]]
    assert await engine.between.fetch("leases")
