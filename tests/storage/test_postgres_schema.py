from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from kagami.errors import SchemaUnknown
from kagami.storage.postgres_schema import CONFIDENTIAL, grant_reading, migrate, version
from kagami.storage.queries import migrations
from kagami.testing.postgres import PostgresServer

FIRST = (1, "CREATE TABLE t (a int); INSERT INTO t VALUES (1);")
SECOND = (2, "ALTER TABLE t ADD COLUMN b int; UPDATE t SET b = 2;")
BROKEN = (2, "ALTER TABLE t ADD COLUMN b int; INSERT INTO nowhere VALUES (1);")


@pytest.fixture
async def database(postgres_url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


async def test_scripts_run_in_order_once(database: asyncpg.Connection[Any]) -> None:
    assert await migrate(database, [FIRST]) == 0
    assert await migrate(database, [FIRST, SECOND]) == 1
    assert [tuple(row) for row in await database.fetch("SELECT a, b FROM t")] == [(1, 2)]


async def test_a_script_that_fails_leaves_what_was(database: asyncpg.Connection[Any]) -> None:
    await migrate(database, [FIRST])
    with pytest.raises(asyncpg.UndefinedTableError, match="nowhere"):
        await migrate(database, [FIRST, BROKEN])
    assert (await version(database), [tuple(row) for row in await database.fetch("SELECT * FROM t")]) == (1, [(1,)])


async def test_a_newer_schema_is_refused_by_its_number(database: asyncpg.Connection[Any]) -> None:
    await migrate(database, [FIRST, SECOND])
    with pytest.raises(SchemaUnknown, match="schema 2, this one knows 1"):
        await migrate(database, [FIRST])


async def test_processes_that_start_together_migrate_once(postgres_url: str) -> None:
    connections = [await asyncpg.connect(postgres_url) for _ in range(6)]
    await asyncio.gather(*(migrate(each) for each in connections))
    newest = migrations("postgres")[-1][0]
    assert {await version(each) for each in connections} == {newest}
    for each in connections:
        await each.close()


async def test_it_needs_no_rights_when_nothing_is_to_be_done(
    postgres: PostgresServer, postgres_url: str, database: asyncpg.Connection[Any]
) -> None:
    await migrate(database)
    name = postgres_url.rpartition("/")[2]
    postgres.run(f"CREATE ROLE guest_{name} LOGIN PASSWORD 'x'")
    await grant_reading(database, f"guest_{name}")
    guest = await asyncpg.connect(postgres.url(name, user=f"guest_{name}", password="x"))
    assert await migrate(guest) == migrations("postgres")[-1][0]
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await guest.execute("DELETE FROM marks")
    await guest.close()


async def test_who_may_only_read_does_not_read_what_is_confidential(
    postgres: PostgresServer, postgres_url: str, database: asyncpg.Connection[Any]
) -> None:
    await migrate(database)
    name = postgres_url.rpartition("/")[2]
    role = f"curious_{name}"
    postgres.run(f"CREATE ROLE {role} LOGIN PASSWORD 'x'")
    # As an earlier version granted it.
    await database.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
    await grant_reading(database, role)
    guest = await asyncpg.connect(postgres.url(name, user=role, password="x"))
    refused = set[str]()
    tables = await database.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v')"
    )
    for (table,) in tables:
        try:
            await guest.fetch(f"SELECT * FROM {table}")  # noqa: S608
        except asyncpg.InsufficientPrivilegeError:
            refused.add(table)
    await guest.close()
    assert (frozenset(refused), len(tables) > 12) == (CONFIDENTIAL, True)


async def test_an_owner_who_reads_keeps_its_rights(postgres_url: str, database: asyncpg.Connection[Any]) -> None:
    await migrate(database)
    await grant_reading(database, await database.fetchval("SELECT current_user"))
    await database.execute("INSERT INTO plugin_values VALUES ('a', 'b', 'c')")


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET hash = ''", "DELETE FROM audit WHERE seq = 1", "TRUNCATE audit"]
)
async def test_the_audit_is_kept_as_it_is(database: asyncpg.Connection[Any], statement: str) -> None:
    await migrate(database)
    await database.execute("INSERT INTO audit VALUES (1, 0, '', '', '', '', '', '', '')")
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="the audit cannot be"):
        await database.execute(statement)
