from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from kagami.storage.links import chain_all, follow
from tests.storage.audited import KEY, unguard
from tests.storage.older import AUDITS, SCHEMAS, make


def test_a_whole_chain_is_followed_to_its_end(file: Path) -> None:
    with closing(sqlite3.connect(make(file, SCHEMAS[-1]))) as database:
        found = follow(database, KEY, {})
    assert (found.ok, found.rows) == (True, AUDITS)


def test_a_database_without_an_audit_is_not_whole(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database:
        assert not follow(database, KEY, {}).ok


def test_rows_are_taken_into_the_chain_of_another_key(file: Path) -> None:
    with closing(sqlite3.connect(make(file, SCHEMAS[-1]), isolation_level=None)) as database:
        chain_all(database, b"other")
        assert follow(database, b"other", {}).ok
        assert not follow(database, KEY, {}).ok


def test_what_keeps_rows_as_they_are_is_there_again(file: Path) -> None:
    with closing(sqlite3.connect(make(file, SCHEMAS[-1]), isolation_level=None)) as database:
        chain_all(database, KEY)
        unguard(database)  # fails when one of them is missing
