from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kagami.errors import BackupRefused
from kagami.storage.tables import columns, figures, measured, tables
from tests.storage.older import AUDITS, COUNTS, MESSAGES, SCHEMAS, make


@pytest.mark.parametrize("schema", SCHEMAS)
def test_every_schema_is_measured(file: Path, schema: int) -> None:
    with closing(sqlite3.connect(make(file, schema))) as database:
        found = figures(database)
    assert (found.schema, found.messages, found.audit_seq) == (schema, MESSAGES, AUDITS if schema > 1 else 0)
    assert found.counts | COUNTS == found.counts


def test_an_index_for_search_is_no_table(file: Path) -> None:
    with closing(sqlite3.connect(make(file, SCHEMAS[-1]))) as database:
        assert not [name for name in tables(database) if name.startswith(("grams", "sqlite_"))]
        assert columns(database, "plugin_values") == ["plugin", "key", "value"]


def test_a_database_that_is_not_ours_is_refused(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, pytest.raises(BackupRefused, match=r"x\.kbk.*no such table"):
        measured(database, Path("x.kbk"))
