from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kagami.storage.migrate import migrate
from kagami.storage.replacing import DatabaseFile, Known, remove, swap
from tests.storage.older import AUDITS, SCHEMAS, content, make

NEWEST = SCHEMAS[-1]


async def test_a_file_with_rows_is_not_empty(file: Path) -> None:
    place = DatabaseFile(file)
    assert await place.is_empty()
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        migrate(database, None)
    assert await place.is_empty()
    with closing(sqlite3.connect(file)) as database:
        database.execute("INSERT INTO plugin_values VALUES ('a', 'b', '1')")
        database.commit()
    assert not await place.is_empty()


@pytest.fixture
def letter(file: Path) -> Path:
    file.write_bytes(b"a letter")
    return file


async def test_a_file_that_is_no_database_is_something(letter: Path) -> None:
    assert not await DatabaseFile(letter).is_empty()


async def test_the_head_of_the_audit_and_the_epoch_are_known(file: Path) -> None:
    with closing(sqlite3.connect(make(file, NEWEST))) as database:
        database.execute("INSERT INTO plugin_values VALUES ('@epoch', 'tokens', '77')")
        database.commit()
    known = await DatabaseFile(file).known()
    assert (known.seq, known.epoch) == (AUDITS, 77)


async def test_nothing_is_known_of_what_is_not_there(file: Path) -> None:
    assert await DatabaseFile(file).known() == Known()


async def test_nothing_is_known_of_what_cannot_be_read(letter: Path) -> None:
    assert await DatabaseFile(letter).known() == Known()


def test_without_links_the_old_one_is_copied(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", refuse)
    before = content(make(file, NEWEST))
    aside = swap(make(tmp_path / "draft.db", 1), file, ".aside")
    assert content(Path(aside)) == before


def test_a_draft_goes_with_its_log(tmp_path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        (tmp_path / f"draft{ending}").touch()
    remove(tmp_path / "draft")
    assert list(tmp_path.iterdir()) == []
