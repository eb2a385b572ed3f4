from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, TypeAlias

import asyncpg
import pytest

import kagami.storage.postgres_schema
import kagami.storage.postgres_whole
from kagami.errors import BackupFailed, BackupRefused, MoveFailed, NotReached, Refused, StoreClosed, UpgradeFailed
from kagami.storage.archive import DATABASE, Origin, check, pack, read_manifest, unpack, write_copy
from kagami.storage.audit import Seals
from kagami.storage.postgres_schema import migrate
from kagami.storage.postgres_whole import DatabaseSchema, copy_of_server, server_schema, shown, upgrade_server
from kagami.storage.queries import migrations
from kagami.storage.replacing import DatabaseFile, Known
from kagami.storage.restore import restore
from kagami.storage.transfer import load
from kagami.testing.clock import FakeClock
from kagami.testing.postgres import PostgresServer
from tests.storage.make import START_MS
from tests.storage.older import AUDITS, OLDER, SCHEMAS, content, make

NEWEST = SCHEMAS[-1]
NEXT = NEWEST + 1
Server: TypeAlias = "asyncpg.Connection[Any]"
Later = Callable[[str], None]


@pytest.fixture
async def server(postgres_url: str) -> AsyncIterator[Server]:
    connection = await asyncpg.connect(postgres_url)
    yield connection
    await connection.close()


@pytest.fixture
def place(postgres_url: str, tmp_path: Path) -> DatabaseSchema:
    return DatabaseSchema(postgres_url, tmp_path)


@pytest.fixture
async def filled(place: DatabaseSchema, tmp_path: Path) -> Path:
    """The file whose content the server has."""
    source = make(tmp_path / "source.db", NEWEST)
    await place.put(source, "")
    return source


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    def later(script: str) -> None:
        known = [*migrations("postgres"), (NEXT, script)]
        for module in (kagami.storage.postgres_schema, kagami.storage.postgres_whole):
            monkeypatch.setattr(module, "migrations", lambda _: known)

    return later


async def packed(url: str, folder: Path) -> Path:
    return await asyncio.to_thread(pack, folder, Origin(copy_of_server(url), {}, "1.0.0", "asked"), START_MS)


async def content_of(url: str, folder: Path) -> str:
    target = folder / "content.db"
    target.unlink(missing_ok=True)
    await asyncio.to_thread(write_copy, copy_of_server(url), target)
    return content(target)


async def schemas(server: Server) -> set[str]:
    rows = await server.fetch("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'")
    return {row[0] for row in rows}


async def test_a_backup_of_a_server_is_like_any_other(postgres_url: str, filled: Path, tmp_path: Path) -> None:
    made = await packed(postgres_url, tmp_path / "backups")
    found = check(made, tmp_path)
    assert (found.schema, found.messages, found.audit_seq) == (NEWEST, 40, AUDITS)
    unpack(made, tmp_path / "out.db")
    assert content(tmp_path / "out.db") == content(filled)


async def test_an_empty_server_has_no_backup(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="there is no database yet"):
        await packed(postgres_url, tmp_path)


async def test_a_server_that_is_away_has_no_backup(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed):
        await packed("postgresql://nobody@127.0.0.1:1/none", tmp_path)


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_a_backup_of_every_schema_is_restored_onto_a_server(
    place: DatabaseSchema, postgres_url: str, seals: Seals, tmp_path: Path, schema: int
) -> None:
    old = make(tmp_path / "old.db", schema)
    archive = pack(tmp_path, Origin(old, {}, "1.0.0", "asked"), START_MS)
    done = await restore(archive, place, clock=FakeClock(), seals=seals)
    assert (done.schema, done.aside, done.kept) == (schema, "", schema > 1)
    assert await server_schema(postgres_url) == NEWEST
    assert await content_of(postgres_url, tmp_path) == content(old)


async def test_a_backup_of_a_server_is_restored_onto_a_file(
    postgres_url: str, filled: Path, seals: Seals, tmp_path: Path
) -> None:
    made = await packed(postgres_url, tmp_path / "backups")
    target = tmp_path / "home.db"
    assert (await restore(made, DatabaseFile(target), clock=FakeClock(), seals=seals)).kept
    assert content(target) == content(filled)


async def test_what_was_there_stays_in_a_schema_of_its_own(
    place: DatabaseSchema, server: Server, filled: Path, seals: Seals, tmp_path: Path
) -> None:
    await server.execute("INSERT INTO plugin_values VALUES ('a', 'later', '1')")
    archive = pack(tmp_path, Origin(filled, {}, "1.0.0", "asked"), START_MS)
    clock = FakeClock(wall_ms=START_MS)
    done = await restore(archive, place, clock=clock, seals=seals)
    aside = f"before_restore_{START_MS}"
    assert done.aside == f"schema {aside}"
    assert await schemas(server) == {"public", aside}
    assert await server.fetchval(f"SELECT count(*) FROM {aside}.plugin_values WHERE plugin = 'a'") == 1  # noqa: S608
    assert await server.fetchval("SELECT count(*) FROM plugin_values WHERE plugin = 'a'") == 0
    await clock.advance(1)
    await restore(archive, place, clock=clock, seals=seals)  # and once more
    assert len(await schemas(server)) == 3


async def test_tables_of_others_and_extensions_stay(
    place: DatabaseSchema, server: Server, filled: Path, tmp_path: Path
) -> None:
    await server.execute("CREATE TABLE others (a text); CREATE VIEW theirs AS SELECT a FROM others")
    await place.put(filled, ".before-restore-1")
    assert await server.fetchval("SELECT to_regclass('public.others')::text") == "others"
    assert await server.fetchval("SELECT to_regclass('public.theirs')::text") == "theirs"


async def test_who_might_read_the_tables_still_may(
    place: DatabaseSchema, postgres: PostgresServer, postgres_url: str, server: Server, filled: Path
) -> None:
    name = f"reader_{postgres_url.rpartition('/')[2]}"
    await server.execute(f"CREATE ROLE {name}; GRANT SELECT ON events, sends TO {name}")
    try:
        await place.put(filled, ".before-restore-1")
        assert await server.fetchval("SELECT has_table_privilege($1, 'public.events', 'SELECT')", name)
        assert not await server.fetchval("SELECT has_table_privilege($1, 'public.audit', 'SELECT')", name)
    finally:
        await server.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


async def test_leases_of_before_count_no_more(place: DatabaseSchema, server: Server, filled: Path) -> None:
    await server.execute("INSERT INTO leases VALUES ('p1', 7, 'node', now() + interval '1 hour')")
    await place.put(filled, ".before-restore-1")
    row = await server.fetchrow("SELECT epoch, owner, expires < now() AS over FROM leases")
    assert tuple(row or ()) == (8, "", True)


async def test_a_store_that_runs_is_not_replaced(place: DatabaseSchema, server: Server, filled: Path) -> None:
    await server.execute("INSERT INTO nodes (node, role, seen, state) VALUES ('box-1', 'all', now(), '{}')")
    with pytest.raises(Refused, match="box-1"):
        await place.put(filled, ".before-restore-1")
    await server.execute("UPDATE nodes SET seen = now() - interval '5 minutes'")
    assert await place.put(filled, ".before-restore-1")


async def test_a_replacement_that_fails_changes_nothing(
    place: DatabaseSchema, postgres_url: str, server: Server, filled: Path, tmp_path: Path
) -> None:
    other = make(tmp_path / "other.db", NEWEST)
    with closing(sqlite3.connect(other)) as file:
        file.executescript("CREATE TABLE unknown (a)")
    with pytest.raises(MoveFailed):
        await place.put(other, ".before-restore-1")
    assert await content_of(postgres_url, tmp_path) == content(filled)
    assert await schemas(server) == {"public"}


async def test_a_damaged_backup_changes_nothing(
    place: DatabaseSchema, postgres_url: str, filled: Path, seals: Seals, tmp_path: Path
) -> None:
    made = await packed(postgres_url, tmp_path / "backups")
    raw = made.read_bytes()
    made.write_bytes(raw[:300] + b"\xff" * 20 + raw[320:])
    with pytest.raises(BackupRefused):
        await restore(made, place, clock=FakeClock(), seals=seals)
    assert await content_of(postgres_url, tmp_path) == content(filled)


async def test_it_says_whether_something_is_kept_there(place: DatabaseSchema, server: Server, tmp_path: Path) -> None:
    assert await place.is_empty()
    await migrate(server)
    assert await place.is_empty()
    await server.execute("INSERT INTO plugin_values VALUES ('a', 'b', '1')")
    assert not await place.is_empty()


async def test_it_remembers_the_audit_and_the_epoch(place: DatabaseSchema, server: Server, filled: Path) -> None:
    await server.execute("INSERT INTO plugin_values VALUES ('@epoch', 'tokens', '77')")
    known = await place.known()
    assert (known.seq, known.epoch) == (AUDITS, 77)
    await server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert await place.known() == Known()


def test_no_password_shows() -> None:
    assert shown("postgresql://me:se:cret@db:5432/kagami?sslmode=require") == "postgresql://me@db:5432/kagami"


async def test_a_server_that_cannot_be_reached_is_told() -> None:
    with pytest.raises(NotReached, match="nobody@127"):
        await server_schema("postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(NotReached, match="PostgreSQL"):
        await server_schema("postgresql://[::1/none")


@pytest.mark.parametrize("schema", OLDER[1:])
async def test_an_older_schema_becomes_the_newest(
    server: Server, postgres_url: str, tmp_path: Path, schema: int
) -> None:
    await older(server, tmp_path, schema)
    before = await content_of(postgres_url, tmp_path)
    done = await upgrade_server(postgres_url, seals=Seals(b"a key of the audit"), now_ms=START_MS)
    assert done is not None
    assert (done.before, done.now, await server_schema(postgres_url)) == (schema, NEWEST, NEWEST)
    assert await content_of(postgres_url, tmp_path) == before
    assert await upgrade_server(postgres_url, seals=Seals(), now_ms=START_MS) is None


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("ALTER TABLE sends ADD COLUMN x TEXT; INSERT INTO nowhere VALUES (1);", "nowhere"),
        ("DELETE FROM events WHERE id = 3;", "not those of before: events"),
        ("ALTER TABLE audit DISABLE TRIGGER ALL; UPDATE audit SET target = 'x';", "not whole"),
        ("DROP TABLE plugin_values;", "plugin_values"),
        ("DROP VIEW lines;", "lines"),
        ("SELECT pg_terminate_backend(pg_backend_pid());", "as it was"),
    ],
)
async def test_a_migration_that_fails_or_harms_leaves_what_was(
    server: Server,
    postgres_url: str,
    filled: Path,
    tmp_path: Path,
    later: Later,
    monkeypatch: pytest.MonkeyPatch,
    script: str,
    reason: str,
) -> None:
    later(script)
    with pytest.raises(UpgradeFailed, match=reason):
        await upgrade_server(postgres_url, seals=Seals(b"a key of the audit"), now_ms=START_MS)
    monkeypatch.undo()
    assert await server_schema(postgres_url) == NEWEST
    assert await content_of(postgres_url, tmp_path) == content(filled)


async def older(server: Server, folder: Path, schema: int) -> None:
    """A server as a version with this schema left it."""
    await migrate(server, migrations("postgres")[:schema])
    async with server.transaction():
        await load(server, make(folder / "older.db", schema))


async def test_a_manifest_tells_the_schema_of_the_server(server: Server, postgres_url: str, tmp_path: Path) -> None:
    await older(server, tmp_path, 3)
    made = await packed(postgres_url, tmp_path / "backups")
    assert read_manifest(made).schema == 3
    assert DATABASE in read_manifest(made).parts


@pytest.mark.service
async def test_a_process_that_is_gone_after_any_statement_leaves_before_or_after(
    server: Server, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await older(server, tmp_path, OLDER[-1])
    before = await content_of(postgres_url, tmp_path)
    connect, given = asyncpg.connect, [0, 0]

    async def connected(*words: Any, **named: Any) -> Server:
        connection = await connect(*words, **named)

        def count(_: object) -> None:
            given[0] += 1
            if given[0] == given[1]:
                connection.terminate()

        connection.add_query_logger(count)
        return connection

    async def ends_after(statements: int) -> bool:
        given[:] = 0, statements
        with monkeypatch.context() as patch:
            patch.setattr(asyncpg, "connect", connected)
            with suppress(UpgradeFailed, StoreClosed):
                await upgrade_server(postgres_url, seals=Seals(b"a key of the audit"), now_ms=START_MS)
        return given[0] >= statements

    statements = 1
    while await ends_after(statements):
        assert await server_schema(postgres_url) in (OLDER[-1], NEWEST)
        statements += 1
    assert statements > 15
    assert await server_schema(postgres_url) == NEWEST
    assert await content_of(postgres_url, tmp_path) == before
