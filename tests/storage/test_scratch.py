from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from kagami.storage.scratch import nameless, quicken

KILLED = """
import os, sys
from pathlib import Path
from kagami.storage.scratch import nameless, quicken
with nameless(Path(sys.argv[1])) as (file, database):
    quicken(database)
    database.execute("CREATE TABLE words AS SELECT 'Oslo' AS word")
    os._exit(9)
"""


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def test_what_is_written_to_the_database_is_in_the_file_and_has_no_name(tmp_path: Path) -> None:
    with nameless(tmp_path) as (file, database):
        quicken(database)
        database.executescript("BEGIN; CREATE TABLE words AS SELECT 'Oslo' AS word; UPDATE words SET word = 'Rome';")
        assert names(tmp_path) == []
        database.execute("COMMIT")
        assert b"Rome" in file.read()
        assert [stat.S_IMODE(place.stat().st_mode) for place in tmp_path.iterdir()] == [0o700]
    assert list(tmp_path.iterdir()) == []


def test_what_is_written_to_the_file_is_the_database(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "a.db")) as source:
        source.execute("PRAGMA journal_mode = WAL")
        source.execute("CREATE TABLE words AS SELECT 'Oslo' AS word")
    content = (tmp_path / "a.db").read_bytes()
    (tmp_path / "a.db").unlink()
    with nameless(tmp_path) as scratch:
        scratch.file.write(content)
        scratch.take_in()
        assert scratch.database.execute("SELECT word FROM words").fetchall() == [("Oslo",)]
        assert names(tmp_path) == []


def test_a_process_that_dies_leaves_no_file(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False)
    assert done.returncode == 9
    assert names(tmp_path) == []
