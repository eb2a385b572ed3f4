from __future__ import annotations

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kagami.errors import BackupFailed, MoveFailed
from kagami.storage.migrate import migrate as migrate_file
from kagami.storage.postgres_schema import migrate
from kagami.storage.queries import migrations
from kagami.storage.tables import DERIVED, PASSING, figures, tables
from kagami.storage.transfer import Digest, load, read_out, server_tables
from tests.storage.older import COUNTS, SCHEMAS, content, make

NEWEST = SCHEMAS[-1]
MORE = "CREATE TABLE later (number INTEGER PRIMARY KEY, text TEXT);"


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    connection = await asyncpg.connect(postgres_url)
    try:
        await migrate(connection)
        yield connection
    finally:
        await connection.close()


async def out(server: asyncpg.Connection[Any], target: Path, schema: int = NEWEST) -> Path:
    async with server.transaction(isolation="repeatable_read", readonly=True):
        with closing(sqlite3.connect(target, isolation_level=None)) as file:
            await read_out(server, schema, file, lambda: None)
    return target


async def test_everything_goes_in_and_comes_out_again(server: asyncpg.Connection[Any], tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", NEWEST)
    async with server.transaction():
        assert await load(server, source) > sum(COUNTS.values())
    target = await out(server, tmp_path / "b.db")
    assert content(target) == content(source)
    with closing(sqlite3.connect(target)) as file:
        assert figures(file).counts | COUNTS == figures(file).counts


async def test_both_engines_have_the_same_tables(server: asyncpg.Connection[Any], tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as file:
        migrate_file(file, None)
        assert set(await server_tables(server)) == set(tables(file)) - DERIVED - PASSING


async def test_a_new_table_is_copied_without_being_named(server: asyncpg.Connection[Any], tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", NEWEST)
    with closing(sqlite3.connect(source)) as file:
        file.executescript(MORE + "INSERT INTO later VALUES (1, 'x'), (2, NULL);")  # noqa: S608
    await server.execute(MORE.replace("INTEGER", "BIGINT"))
    async with server.transaction():
        await load(server, source)
    assert [tuple(row) for row in await server.fetch("SELECT * FROM later ORDER BY number")] == [(1, "x"), (2, None)]


@pytest.mark.parametrize("there", ["file", "server"])
async def test_a_table_that_one_side_does_not_know_is_refused(
    server: asyncpg.Connection[Any], tmp_path: Path, there: str
) -> None:
    source = make(tmp_path / "a.db", NEWEST)
    if there == "file":
        with closing(sqlite3.connect(source)) as file:
            file.executescript(MORE)
    else:
        await server.execute(f"{MORE} INSERT INTO later VALUES (1, 'x')")  # noqa: S608
    with pytest.raises(MoveFailed, match="does not know"):
        async with server.transaction():
            await load(server, source)


async def test_what_is_written_meanwhile_is_not_in_it(
    server: asyncpg.Connection[Any], postgres_url: str, tmp_path: Path
) -> None:
    source = make(tmp_path / "a.db", NEWEST)
    async with server.transaction():
        await load(server, source)
    other = await asyncpg.connect(postgres_url)
    async with server.transaction(isolation="repeatable_read", readonly=True):
        await server.fetch("SELECT 1 FROM marks")  # the moment that it sees
        await other.execute("DELETE FROM events")
        with closing(sqlite3.connect(tmp_path / "b.db", isolation_level=None)) as file:
            await read_out(server, NEWEST, file, lambda: None)
    await other.close()
    assert content(tmp_path / "b.db") == content(source)


async def test_a_row_that_changes_on_its_way_is_found(server: asyncpg.Connection[Any], tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", NEWEST)
    await server.execute(
        "CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN IF NEW.id = 3 THEN NEW.text := 'other'; END IF; RETURN NEW; END $$;"
        " CREATE TRIGGER spoil BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION spoil()"
    )
    with pytest.raises(MoveFailed, match="not those that were there"):
        async with server.transaction():
            await load(server, source)
    assert await server.fetchval("SELECT count(*) FROM events") == 0


async def test_texts_that_no_server_stores_arrive_with_a_mark(server: asyncpg.Connection[Any], tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", NEWEST)
    with closing(sqlite3.connect(source)) as file:
        file.execute("UPDATE sends SET text = 'a' || char(0) || 'b' WHERE id = 10001")
        file.execute("UPDATE sends SET text = CAST(x'ff41' AS TEXT) WHERE id = 10002")
        file.commit()
    async with server.transaction():
        await load(server, source)
    assert await server.fetchval("SELECT text FROM sends WHERE id = 10001") == "a\ufffdb"
    assert await server.fetchval("SELECT text FROM sends WHERE id = 10002") == "\ufffdA"


async def test_the_index_is_read_anew(server: asyncpg.Connection[Any], tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", NEWEST)
    with closing(sqlite3.connect(source)) as file:
        file.execute("UPDATE marks SET value = 40 WHERE name = 'digested'")
        file.commit()
    async with server.transaction():
        await load(server, source)
    assert await server.fetchval("SELECT value FROM marks WHERE name = 'digested'") == 0


async def test_it_ends_between_portions_when_it_is_told_to(server: asyncpg.Connection[Any], tmp_path: Path) -> None:
    source = make(tmp_path / "a.db", NEWEST)

    def stop() -> None:
        raise BackupFailed(reason="it was stopped")

    with pytest.raises(BackupFailed, match="stopped"):
        async with server.transaction():
            await load(server, source, stop)
    assert await server.fetchval("SELECT count(*) FROM events") == 0


def test_a_digest_does_not_depend_on_the_order_but_on_everything_else() -> None:
    rows = [(number, str(number), None) for number in range(50)]

    def of(given: list[tuple[Any, ...]]) -> Digest:
        made = Digest()
        made.take(given)
        return made

    mixed = random.sample(rows, len(rows))
    assert of(mixed) == of(rows)
    assert of([*rows[1:], (0, "0", "")]) != of(rows)
    assert of([*rows, rows[0]]) != of(rows)
    assert len(migrations("postgres")) == len(migrations())
