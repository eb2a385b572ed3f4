"""Looks at a PostgreSQL once: can Kagami use it, and what should be otherwise?"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import msgspec
from asyncpg import Connection

from kagami.i18n import Translate, mark
from kagami.net.oswords import os_words
from kagami.ports import Finding
from kagami.storage.postgres_link import CONNECT_SECONDS
from kagami.storage.postgres_schema import version
from kagami.storage.queries import migrations

OLDEST = 14
# Of one process: the writer, the readers, and one that copies for a backup.
CONNECTIONS = 6
SKEW_SECONDS = 2.0
MEGABYTE = 1 << 20

# One question, so that one moment is looked at.
_LOOK = """
SELECT
    current_setting('server_version_num')::int / 10000 AS version,
    current_setting('server_version') AS named,
    current_setting('server_encoding') AS encoding,
    current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery() AS reads_only,
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS free,
    extract(EPOCH FROM clock_timestamp())::float8 AS now,
    current_schema() AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS creates,
    has_database_privilege(current_database(), 'TEMP') AS temporary,
    pg_database_size(current_database()) AS bytes,
    current_setting('fsync') = 'on' AS durable
"""
_FIXES: dict[str, tuple[str, str]] = {
    "28P01": (mark("it refuses the password of this account"), mark("Correct the account and its password: {login}.")),
    "28000": (mark("it lets this account not in"), mark("Create the account, or allow it in pg_hba.conf.")),
    "3D000": (mark("there is no such database"), mark("Create it: CREATE DATABASE {name} OWNER {account}.")),
    "53300": (mark("it has no free connection"), mark("Raise max_connections, or end what holds them.")),
    "57P03": (mark("it is starting or stopping"), mark("Wait until it has.")),
    "42501": (mark("the account may not connect"), mark("Run: GRANT ALL ON DATABASE {name} TO {account}.")),
}

_NAMES = [dict.fromkeys(("login", "host", "place"), key) for key in ("store.url", "store.read_url")]


async def look_at(url: str, read_url: str, t: Translate, names: Sequence[Mapping[str, str]] = _NAMES) -> list[Finding]:
    """What is there to say of it; bad is what keeps it from being used.

    `names` are, for each of the two, what a person changes: `login`, `host` and `place`.
    """
    found = await _look(url, t, names[0], writes=True)
    if read_url:
        found += await _look(read_url, t, names[1], writes=False)
    return found


async def neighbours(url: str, seconds: float) -> tuple[list[str], str]:
    """Processes on it that were heard of lately, and what is kept of their secrets' fingerprint; nothing when away."""
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError):
        return [], ""
    try:
        rows = await connection.fetch(
            "SELECT node FROM nodes WHERE seen > clock_timestamp() - $1 * INTERVAL '1 second' ORDER BY node", seconds
        )
        kept = await connection.fetchval("SELECT value FROM plugin_values WHERE plugin = '@cluster' AND key = 'key'")
        return [str(row[0]) for row in rows], str(msgspec.json.decode(kept)) if kept else ""
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        return [], ""  # an older schema, or none
    finally:
        connection.terminate()


async def _look(url: str, t: Translate, names: Mapping[str, str], *, writes: bool) -> list[Finding]:
    parts = urlsplit(url)
    subject = f"PostgreSQL {parts.username or ''}@{parts.netloc.rpartition('@')[2]}{parts.path}"
    try:
        connection = await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=CONNECT_SECONDS)
    except asyncpg.PostgresError as error:
        text, fix = _FIXES.get(error.sqlstate or "", (str(error), mark("Look into its log.")))
        more = {"name": parts.path.lstrip("/"), "account": parts.username or "", **names}
        return [Finding("bad", subject, t(text), t(fix).format(**more))]
    except (OSError, asyncpg.InterfaceError, ValueError) as error:
        return [Finding("bad", subject, *_unreached(error, t, names))]
    try:
        return await _seen(connection, subject, t, writes=writes)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        return [Finding("bad", subject, t(os_words(error)), t("Look into its log."))]
    finally:
        connection.terminate()


def _unreached(error: Exception, t: Translate, names: Mapping[str, str]) -> tuple[str, str]:
    if isinstance(error, socket.gaierror):
        return t("there is no such host"), t("Correct the host: {host}.").format(**names)
    if isinstance(error, TimeoutError):
        return t("it does not answer"), t("Look whether it runs, and whether a firewall is in between.")
    text = t("it cannot be reached: {}").format(t(os_words(error)))
    return text, t("Start it, or correct host and port: {place}.").format(**names)


async def _seen(connection: Connection[Any], subject: str, t: Translate, *, writes: bool) -> list[Finding]:
    if connection.get_server_version().major < OLDEST:
        text = t("it is PostgreSQL {}, too old").format(connection.get_server_version().major)
        return [Finding("bad", subject, text, t("PostgreSQL {} or newer is needed.").format(OLDEST))]
    began = time.time()
    seen = await connection.fetchrow(_LOOK)
    took = time.time() - began
    assert seen is not None  # noqa: S101 - a question without a table has one row
    skew = seen["now"] - (began + took / 2)
    found = [*_unfit(seen, skew if abs(skew) > SKEW_SECONDS + took else 0.0, subject, t, writes=writes)]
    schema, newest = await version(connection), migrations("postgres")[-1][0]
    if schema > newest:
        text = t("written by a newer version (schema {}, this one knows {})").format(schema, newest)
        return [*found, Finding("bad", subject, text, t("Upgrade Kagami."))]
    size = f"{seen['bytes'] // MEGABYTE} MB"
    return [*found, Finding("ok", subject, t("PostgreSQL {}, schema {}, {}").format(seen["named"], schema, size))]


def _unfit(seen: Any, skew: float, subject: str, t: Translate, *, writes: bool) -> Iterator[Finding]:
    if seen["encoding"] != "UTF8":
        text = t("the database cannot hold every text: its encoding is {}").format(seen["encoding"])
        yield Finding("bad", subject, text, t("Create it with ENCODING 'UTF8'."))
    if seen["free"] < CONNECTIONS:
        text = t("{} connections are free, and {} are needed").format(max(0, seen["free"]), CONNECTIONS)
        yield Finding("warn", subject, text, t("Raise max_connections, or end what holds them."))
    if skew:
        text = t("its clock is {} seconds off ours").format(f"{skew:+.1f}")
        yield Finding("warn", subject, text, t("Let both follow a time server (NTP)."))
    if writes:
        yield from _unwritable(seen, subject, t)


def _unwritable(seen: Any, subject: str, t: Translate) -> Iterator[Finding]:
    if seen["reads_only"]:
        yield Finding(
            "bad", subject, t("it only lets read: a standby, or set so"), t("Give the address of the primary.")
        )
    if not seen["creates"]:
        text = t("the account may not create tables in the schema {}").format(seen["schema"] or "public")
        fix = t("Run: GRANT CREATE, USAGE ON SCHEMA {} TO the account.").format(seen["schema"] or "public")
        yield Finding("bad", subject, text, fix)
    if not seen["temporary"]:
        text, fix = t("the account may not create temporary functions"), t("Run: GRANT TEMPORARY ON DATABASE … TO it.")
        yield Finding("bad", subject, text, fix)
    if not seen["durable"]:
        text, fix = t("fsync is off: a loss of power can destroy everything"), t("Set fsync = on.")
        yield Finding("warn", subject, text, fix)
