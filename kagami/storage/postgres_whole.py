"""A store on PostgreSQL as a whole: copied for a backup, replaced by another one, brought to this version's schema.

Replacing and upgrading are one transaction each: a server or a process that dies in it leaves what was. What is
replaced is moved into a schema of its own, where it stays until an operator drops it.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from sqlite3 import Connection
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import msgspec

from kagami.core.chain import Verdict, Walk
from kagami.errors import BackupFailed, KagamiError, MoveFailed, NotReached, Refused, StoreClosed, UpgradeFailed
from kagami.i18n import mark
from kagami.storage import named
from kagami.storage.anchors import Signed
from kagami.storage.archive import Copy
from kagami.storage.audit import Seals, head
from kagami.storage.links import FIRST, NEWEST
from kagami.storage.named import quoted
from kagami.storage.postgres_schema import LOCK, LOCKS, lock_key, migrate, version
from kagami.storage.queries import migrations, queries
from kagami.storage.replacing import EPOCH, SEEDED, Known
from kagami.storage.tables import CHAINED, Figures
from kagami.storage.transfer import load, read_out, server_tables
from kagami.storage.upgrade import BROKEN, ROWS, TEST, UNREAD, Upgraded

CONNECT_S = 20.0
# A process that has not been seen for so long does not run any more.
SEEN_S = 60
WORKING, PORTION = "kagami_restoring", 500
# Of a copy that is made while an engine works in the same process.
REST, LONGEST_REST = 2, 0.1
RUNNING = mark("Kagami runs on this database, stop every process of it first")
# Tables, views and sequences of a schema, without those of extensions, and without what moves with its table.
_RELATIONS = """
SELECT c.relname::text AS name, CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind
FROM pg_class AS c
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S') AND NOT EXISTS (
    SELECT 1 FROM pg_depend AS d
    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i', 'e')
)
"""
_ROUTINES = """
SELECT p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' AS name, 'ROUTINE' AS kind FROM pg_proc AS p
WHERE p.pronamespace = $1::text::regnamespace AND NOT EXISTS (
    SELECT 1 FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
)
"""
# What others than the owner may do with a table.
_GRANTS = """
SELECT c.relname::text AS name, a.privilege_type AS may,
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS who
FROM pg_class AS c, aclexplode(c.relacl) AS a
WHERE c.relnamespace = $1::text::regnamespace AND a.grantee <> c.relowner
"""

Server: TypeAlias = "asyncpg.Connection[Any]"


class Thing(NamedTuple):
    """Something that is in a schema; the name of a routine has its arguments."""

    name: str
    kind: str

    def inside(self, schema: str) -> str:
        return f"{self.kind} {quoted(schema)}.{self.name if self.kind == 'ROUTINE' else quoted(self.name)}"


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Server]:
    """A connection without limits of time. `NotReached` when there is none, `StoreClosed` when it breaks."""
    try:
        server = await asyncpg.connect(address, timeout=CONNECT_S, server_settings={"statement_timeout": "0"})
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError, ValueError) as error:
        raise NotReached(what=shown(address), reason=str(error) or type(error).__name__) from error
    try:
        try:
            yield server
        finally:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                await server.close(timeout=CONNECT_S)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise StoreClosed(reason=str(error) or type(error).__name__) from error


def shown(address: str) -> str:
    """The address without its password."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return "PostgreSQL"
    return urlunsplit(parts._replace(netloc=re.sub(r":[^@]*@", "@", parts.netloc), query=""))


async def server_schema(address: str) -> int:
    """The number of the schema; 0 when there is none."""
    async with connected(address) as server:
        return await version(server)


async def server_major(address: str) -> int:
    """The server's major version."""
    async with connected(address) as server:
        return int(server.get_server_version().major)


def resting(go_on: Callable[[], None]) -> Callable[[], None]:
    """As `go_on`, but rests so many times as long as was worked since the last call."""
    ended = time.monotonic()

    def rest() -> None:
        nonlocal ended
        go_on()
        time.sleep(min(LONGEST_REST, REST * (time.monotonic() - ended)))
        ended = time.monotonic()

    return rest


def copy_of_server(address: str, *, rests: bool = False) -> Copy:
    """Of all tables as of one moment, while others write to them. `rests` leaves others of this process their turn."""

    async def copy(target: Connection, go_on: Callable[[], None]) -> Figures:
        async with connected(address) as server, server.transaction(isolation="repeatable_read", readonly=True):
            if not (schema := await version(server)):
                raise BackupFailed(reason=mark("there is no database yet"))
            return await read_out(server, schema, target, go_on)

    def run(target: Connection, go_on: Callable[[], None]) -> Figures:
        try:
            return asyncio.run(copy(target, resting(go_on) if rests else go_on))
        except (MoveFailed, StoreClosed, NotReached) as error:
            raise BackupFailed(reason=error.details["reason"]) from error

    return run


class DatabaseSchema:
    """Implements `replacing.Place` on the tables that a server's address leads to."""

    def __init__(self, address: str, scratch: Path, go_on: Callable[[], None] = lambda: None) -> None:
        self._address = address
        self._scratch = scratch
        self._go_on = go_on

    @property
    def name(self) -> str:
        return shown(self._address)

    @property
    def draft(self) -> Path:
        return self._scratch / ".kagami.db.restoring"

    async def is_empty(self) -> bool:
        async with connected(self._address) as server:
            if not await version(server):
                return True
            found = [name for name in await server_tables(server) if name not in SEEDED]
            return not any([await server.fetchval(named.has_rows(name)) for name in found])

    async def known(self) -> Known:
        async with connected(self._address) as server:
            if await version(server) < CHAINED:
                return Known()
            seq, hashed = head(await server.fetch(queries("postgres")["audit_head"]))
            asked = "SELECT value FROM plugin_values WHERE plugin = $1 AND key = $2"
            epoch = await server.fetchval(asked, *EPOCH)
            return Known(seq, hashed, int(epoch) if epoch and epoch.isdecimal() else 0)

    async def put(self, draft: Path, ending: str) -> str:
        """`Refused` while a process of Kagami uses the tables."""
        async with connected(self._address) as server, server.transaction():
            await server.execute(LOCK, LOCKS, lock_key("schema"))
            home = await server.fetchval("SELECT current_schema()")
            there = bool(await version(server))
            if there:
                await refuse_running(server)
            await server.execute(named.create_schema(WORKING))
            await server.execute(named.enter_schema(WORKING))
            await migrate(server)
            await load(server, draft, self._go_on)
            things = await _things(server, WORKING)
            aside = re.sub(r"\W", "_", ending).strip("_") if there else ""
            if aside:
                await _move_aside(server, home, aside, things)
            await _move(server, WORKING, home, things)
            await server.execute(named.drop_schema(WORKING))
            if aside:
                await _hand_over(server, aside, home, things)
        await self._tell_planner()
        return f"schema {aside}" if aside else ""

    async def _tell_planner(self) -> None:
        """It knows nothing yet of the new tables."""
        async with connected(self._address) as server:
            await server.execute(f"ANALYZE {', '.join(map(quoted, await server_tables(server)))}")


async def refuse_running(server: Server) -> None:
    """`Refused` when a process was seen just now."""
    if await server.fetchval("SELECT to_regclass('nodes')") is None:
        return
    asked = "SELECT node FROM nodes WHERE seen > clock_timestamp() - make_interval(secs => $1) ORDER BY node"
    if names := [row[0] for row in await server.fetch(asked, SEEN_S)]:
        raise Refused(reason=f"{RUNNING}: {', '.join(names)}")


async def upgrade_server(address: str, *, seals: Seals, now_ms: int) -> Upgraded | None:
    """In one transaction with its test; None when nothing is to be done. `UpgradeFailed` with everything as it was."""
    newest = migrations("postgres")[-1][0]
    async with connected(address) as server:
        found = await version(server)
        if not 0 < found < newest:
            return None
        try:
            async with server.transaction():
                await server.execute(LOCK, LOCKS, lock_key("schema"))
                await _hold(server)
                before, whole = await _rows(server), await _follows(server, seals)
                await migrate(server)
                await _test(server, before, now_ms)
                await _follow_again(server, seals if whole else None)
        except UpgradeFailed as error:
            raise UpgradeFailed(before=found, now=newest, reason=error.details["reason"]) from error
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, KagamiError) as error:
            reason = error.text() if isinstance(error, KagamiError) else str(error)
            raise UpgradeFailed(before=found, now=newest, reason=reason) from error
    return Upgraded(found, newest)


async def _hold(server: Server) -> None:
    """Nobody writes meanwhile: else rows could not be compared."""
    if names := ", ".join(map(quoted, await server_tables(server))):
        await server.execute(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE")


async def _test(server: Server, before: dict[str, int], now_ms: int) -> None:
    """Count, write, read and search. `UpgradeFailed` says what is wrong."""
    found = await _rows(server)
    missing = sorted(name for name in before.keys() & found.keys() if found[name] != before[name])
    if missing:
        raise UpgradeFailed(before=0, now=0, reason=f"{ROWS}: {', '.join(missing)}")
    await server.execute("INSERT INTO plugin_values (plugin, key, value) VALUES ($1, $1, $2)", TEST, str(now_ms))
    said = await server.fetchval("SELECT value FROM plugin_values WHERE plugin = $1", TEST)
    await server.execute("DELETE FROM plugin_values WHERE plugin = $1", TEST)
    if said != str(now_ms):
        raise UpgradeFailed(before=0, now=0, reason=UNREAD)
    await server.fetch("SELECT * FROM lines ORDER BY id DESC LIMIT 1")
    await server.fetch("SELECT id FROM grams WHERE tokens @@ 'a'::tsquery LIMIT 1")


async def _rows(server: Server) -> dict[str, int]:
    names = [name for name in await server_tables(server) if name not in SEEDED]
    return {name: await server.fetchval(named.count(name)) for name in names}


async def verify_server(address: str, seals: Seals) -> Verdict:
    """The verdict on the audit, whether or not anybody uses the store."""
    signed = seals.anchors.read() if seals.anchors else Signed()
    async with connected(address) as server, server.transaction(isolation="repeatable_read", readonly=True):
        found = await _verdict(server, seals.key, signed.hashes)
    if signed.broken and found.ok and (found.rows or signed.hashes):
        return msgspec.structs.replace(found, ok=False, anchor=signed.broken, why=signed.why)
    return found


async def newest_audit(address: str) -> list[tuple[Any, ...]]:
    """The newest rows of the audit, each with its hash; none where there is no audit yet."""
    async with connected(address) as server:
        chained = await version(server) >= CHAINED
        return [tuple(row) for row in await server.fetch(NEWEST)] if chained else []


async def _follows(server: Server, seals: Seals) -> bool:
    """Whether the chain of the audit holds."""
    if await version(server) < CHAINED:
        return True
    hashes = seals.anchors.read().hashes if seals.anchors and seals.anchors.path.exists() else {}
    return (await _verdict(server, seals.key, hashes)).ok


async def _verdict(server: Server, key: bytes, hashes: Mapping[int, str]) -> Verdict:
    walk = Walk(key, hashes)
    asked, after = "SELECT seq, at_ms, kind, name, address, operation, target, result, hash FROM audit", FIRST
    while rows := await server.fetch(f"{asked} WHERE seq > $1 ORDER BY seq LIMIT $2", after, PORTION):
        walk.take(tuple(row) for row in rows)
        after = rows[-1][0]
    return walk.finish()


async def _follow_again(server: Server, seals: Seals | None) -> None:
    if seals is not None and not await _follows(server, seals):
        raise UpgradeFailed(before=0, now=0, reason=BROKEN)


async def _things(server: Server, schema: str) -> list[Thing]:
    rows = [*await server.fetch(_RELATIONS, schema), *await server.fetch(_ROUTINES, schema)]
    return [Thing(row["name"], row["kind"]) for row in rows]


async def _move(server: Server, source: str, target: str, things: list[Thing]) -> None:
    for each in things:
        await server.execute(named.move_to(each.inside(source), target))


async def _move_aside(server: Server, home: str, aside: str, things: list[Thing]) -> None:
    """Only what is ours: in the same schema there may be tables of others."""
    await server.execute(named.create_schema(aside))
    there = await _things(server, home)
    await _move(server, home, aside, [each for each in there if each in things])


async def _hand_over(server: Server, aside: str, home: str, things: list[Thing]) -> None:
    """Who might read the old tables may read the new ones, and no process of before holds a lease any more."""
    names = {each.name for each in things if each.kind != "ROUTINE"}
    for row in await server.fetch(_GRANTS, aside):
        if row["name"] in names:
            table = f"{quoted(home)}.{quoted(row['name'])}"
            await server.execute(f"GRANT {row['may']} ON {table} TO {row['who']}")
    if "leases" in names and await server.fetchval("SELECT to_regclass($1)", f"{quoted(aside)}.leases"):
        await server.execute(named.fence_off(home, aside))
