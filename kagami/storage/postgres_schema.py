"""Schema versions of PostgreSQL: the scripts of `kagami.storage.migrate`, each in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from asyncpg import Connection, PostgresError

from kagami import log
from kagami.errors import SchemaUnknown
from kagami.storage.migrate import Script
from kagami.storage.queries import migrations

LOCK = "SELECT pg_advisory_xact_lock($1, $2)"
# The first half of the keys of our advisory locks: others in the same database take others.
LOCKS = crc32(b"kagami") >> 1
# An index of very many rows takes its time.
MIGRATE_SECONDS = 3_600.0
# What people and plugins keep, with hashes of passwords and sealed credentials; plugins that the others will run.
CONFIDENTIAL = frozenset({"plugin_values", "packages", "package_parts"})
# The server itself puts the names into statements that take no parameters.
_GRANTS = """
SELECT format('GRANT USAGE ON SCHEMA %I TO %I; ', current_schema(), $1::text) || coalesce(string_agg(
    format(
        CASE WHEN c.relname = ANY ($2) THEN 'REVOKE ALL ON %I.%I FROM %I' ELSE 'GRANT SELECT ON %I.%I TO %I' END,
        current_schema(), c.relname, $1::text
    ), '; '
), '')
FROM pg_class AS c
WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v')
AND pg_has_role(c.relowner, 'USAGE')
"""

_log = log.get("store")


def lock_key(name: str) -> int:
    """The second half."""
    return crc32(name.encode()) >> 1


async def migrate(connection: Connection[Any], scripts: Sequence[Script] | None = None) -> int:
    """Bring the schema up to the newest script; the version it had before. `SchemaUnknown` for a newer one.

    Processes that start together wait for each other, and each script runs once.
    """
    known = migrations("postgres") if scripts is None else scripts
    newest = known[-1][0]
    first = found = await version(connection)
    while found < newest:
        async with connection.transaction():
            await connection.execute("SET LOCAL statement_timeout = 0")
            await connection.execute(LOCK, LOCKS, lock_key("schema"), timeout=MIGRATE_SECONDS)
            found = await version(connection)
            if found < newest:
                number, script = next(each for each in known if each[0] > found)
                await _apply(connection, number, script)
                found = number
    if found > newest:
        raise SchemaUnknown(path="in PostgreSQL", found=found, known=newest)
    if first and first < newest:
        _log.info("the schema was migrated", before=first, now=newest)
    return first


async def version(connection: Connection[Any]) -> int:
    """The number of the schema; 0 for none."""
    # From the catalogue itself: `to_regclass` may still remember that there was none before another process made it.
    there = (
        "SELECT EXISTS (SELECT 1 FROM pg_tables WHERE tablename = 'schema_version' AND schemaname = current_schema())"
    )
    if not await connection.fetchval(there):
        return 0
    return int(await connection.fetchval("SELECT coalesce(max(version), 0) FROM schema_version"))


async def _apply(connection: Connection[Any], number: int, script: str) -> None:
    await connection.execute(script, timeout=MIGRATE_SECONDS)
    await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version bigint NOT NULL)")
    await connection.execute("DELETE FROM schema_version")
    await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", number)


async def grant_reading(connection: Connection[Any], role: str) -> None:
    """Let an account read every table but those that are `CONFIDENTIAL`, and do nothing else.

    Where ours may not grant, an administrator has to have done it.
    """
    try:
        async with connection.transaction():
            if role == await connection.fetchval("SELECT current_user"):
                return
            await connection.execute(LOCK, LOCKS, lock_key("schema"))
            await connection.execute(await connection.fetchval(_GRANTS, role, list(CONFIDENTIAL)))
    except PostgresError as error:
        _log.warning("the account that only reads gets no rights from ours", account=role, reason=error)
