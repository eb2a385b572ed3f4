from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kagami.errors import SchemaUnknown
from kagami.storage.migrate import migrate
from kagami.storage.queries import migrations

FIRST = (1, "CREATE TABLE t (a); INSERT INTO t VALUES (1);")
SECOND = (2, "ALTER TABLE t ADD COLUMN b; UPDATE t SET b = 2;")
BROKEN = (2, "ALTER TABLE t ADD COLUMN b; INSERT INTO nowhere VALUES (1);")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "k.db"


@pytest.fixture
def database(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_scripts_run_in_order_once(database: sqlite3.Connection, path: Path) -> None:
    migrate(database, path, [FIRST])
    migrate(database, path, [FIRST, SECOND])
    assert database.execute("SELECT a, b FROM t").fetchall() == [(1, 2)]


def test_a_script_that_fails_leaves_what_was(database: sqlite3.Connection, path: Path) -> None:
    migrate(database, path, [FIRST])
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(database, path, [FIRST, BROKEN])
    assert database.execute("PRAGMA user_version").fetchone() == (1,)
    assert database.execute("SELECT * FROM t").fetchall() == [(1,)]


def test_a_script_that_fails_can_be_followed_by_a_good_one(database: sqlite3.Connection, path: Path) -> None:
    migrate(database, path, [FIRST])
    with pytest.raises(sqlite3.OperationalError):
        migrate(database, path, [FIRST, BROKEN])
    assert migrate(database, path, [FIRST, SECOND]) == 1


def test_a_newer_schema_is_refused_by_its_number(database: sqlite3.Connection, path: Path) -> None:
    database.execute("PRAGMA user_version = 9")
    with pytest.raises(SchemaUnknown, match="schema 9, this one knows 1"):
        migrate(database, path, [FIRST])


def test_what_was_there_is_copied_first(database: sqlite3.Connection, path: Path) -> None:
    migrate(database, path, [FIRST])
    migrate(database, path, [FIRST, SECOND])
    copy = path.with_name("k.db.before-0002")
    with closing(sqlite3.connect(copy)) as old:
        assert old.execute("SELECT * FROM t").fetchall() == [(1,)]
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_a_new_file_is_not_copied(database: sqlite3.Connection, path: Path) -> None:
    migrate(database, path, [FIRST, SECOND])
    assert [found.name for found in path.parent.iterdir()] == ["k.db"]


def test_the_real_schema_is_made_from_nothing(database: sqlite3.Connection) -> None:
    migrate(database, None)
    assert database.execute("PRAGMA user_version").fetchone() == (migrations()[-1][0],)
