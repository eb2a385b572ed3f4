"""Databases of every older schema, with rows as that version wrote them."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from kagami.core.chain import link
from kagami.storage.migrate import migrate
from kagami.storage.queries import migrations
from kagami.storage.tables import CHAINED, columns
from tests.storage.audited import KEY
from tests.storage.make import START_MS

SCHEMAS = [number for number, _ in migrations()]
OLDER = SCHEMAS[:-1]
MESSAGES, AUDITS = 40, 3
# Of messages, sends, traces, values, open events and the audit, in any schema.
COUNTS = {"events": MESSAGES, "sends": MESSAGES, "traces": MESSAGES, "plugin_values": 2, "pending": 1, "audit": AUDITS}


def make(file: Path, schema: int) -> Path:
    """As a version with this schema left it after some work."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        migrate(database, None, migrations()[:schema])
        database.execute("BEGIN")
        for number in range(1, MESSAGES + 1):
            _message(database, number)
        for key, value in (("city", '"Oslo"'), ("text", json.dumps("多行\n'\"😀"))):
            _insert(database, "plugin_values", ("weather", key, value))
        _insert(database, "pending", (_execution(7), 7, "dead", 5, 0, "boom"))
        _audit(database, schema)
        if "numbers" in _tables(database):
            _insert(database, "numbers", (5, "abc", "", START_MS))
        database.execute("COMMIT")
    return file


def content(file: Path) -> str:
    """A digest of what people said, were answered, and what plugins keep: the same in every schema."""
    with closing(sqlite3.connect(file)) as database:
        rows = [
            database.execute("SELECT id, execution, bot, chat, user, text, native FROM events ORDER BY id").fetchall(),
            database.execute("SELECT execution, ordinal, text, state, result FROM sends ORDER BY id").fetchall(),
            database.execute("SELECT execution, outcome, marks FROM traces ORDER BY execution").fetchall(),
            database.execute("SELECT * FROM plugin_values WHERE plugin = 'weather' ORDER BY key").fetchall(),
            database.execute("SELECT execution, state, error FROM pending").fetchall(),
        ]
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _message(database: sqlite3.Connection, number: int) -> None:
    said = f"message {number} 天气 😀" if number % 2 else "plain"
    fields = (_execution(number), "qq:1", "group:1", "42", "message", "group", START_MS + number, START_MS + number)
    more = (f"m:{number}", said, None, str(number), "friends", '{"name":"alice"}', 0, '{"post_type":"message"}')
    _insert(database, "events", (number, *fields, *more))
    sent = (10_000 + number, _execution(number), 0, "send", "qq:1", "group:1", "answer", None, START_MS, 1, "sent")
    _insert(database, "sends", (*sent, START_MS, str(number), "", "", '{"ok":true}'))
    trace = (_execution(number), "qq:1", "group:1", "42", START_MS, 900, "handled", "echo@1", said, "", "[]")
    _insert(database, "traces", trace)


def _insert(database: sqlite3.Connection, table: str, values: tuple[object, ...]) -> None:
    """By the columns of the first schema; those that came later have defaults."""
    names = ", ".join(columns(database, table)[: len(values)])
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(values))})", values)  # noqa: S608


def _audit(database: sqlite3.Connection, schema: int) -> None:
    before = ""
    for number in range(1, AUDITS + 1):
        row = (number, START_MS, "console", "console", "", "messages.clean", str(number), "ok")
        if schema < CHAINED:
            _insert(database, "audit", (*row[:4], *row[5:]))
            continue
        before = link(KEY, before, row)
        _insert(database, "audit", (*row, before))


def _execution(number: int) -> str:
    return f"0199c0de-0000-7000-8000-{number:012d}"


def _tables(database: sqlite3.Connection) -> set[str]:
    return {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
