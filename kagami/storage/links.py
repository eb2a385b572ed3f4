"""The audit's chain of a database that nobody else uses: following it, and taking rows into it.

Such rows come from an older schema, or from a backup that was made under another key.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from kagami.core.chain import Verdict, Walk, link
from kagami.storage.queries import queries
from kagami.storage.tables import CHAINED as CHAINED  # noqa: PLC0414 - it belongs to both

PORTION = 1_000
FIRST, _ALL = -(1 << 62), -1
NEWEST = """
SELECT seq, at_ms, kind, name, address, operation, target, result, hash FROM audit ORDER BY seq DESC LIMIT 20
"""


def chain_all(connection: sqlite3.Connection, key: bytes) -> None:
    """Number all rows from 1 and give each the hash that it should have. Inside the caller's transaction."""
    guards = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'")
    statements = [sql for name, sql in guards.fetchall() if name == "audit_fixed"]
    connection.execute("DROP TRIGGER IF EXISTS audit_fixed")
    number, before, after = 0, "", 0
    while rows := connection.execute(queries()["audit_after"], {"after": after, "most": PORTION}).fetchall():
        for seq, *fields, _ in rows:
            number += 1
            before = link(key, before, (number, *fields))
            connection.execute("UPDATE audit SET seq = ?, hash = ? WHERE seq = ?", (number, before, seq))
            after = seq
    connection.execute("UPDATE marks SET value = 0 WHERE name = 'audit_cut'")
    for statement in statements:
        connection.execute(statement)


def follow(connection: sqlite3.Connection, key: bytes, anchors: Mapping[int, str]) -> Verdict:
    """The verdict on the chain of a database that nobody else uses."""
    walk = Walk(key, anchors)
    try:
        walk.take(connection.execute(queries()["audit_after"], {"after": FIRST, "most": _ALL}))
    except sqlite3.Error as error:
        walk.spoil(walk.last + 1, str(error))
    return walk.finish()
