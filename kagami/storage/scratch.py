"""Databases without a name: who looks into the folder finds nothing to copy, and a process that dies leaves nothing."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, NamedTuple

MAKING = ".making-"


# Of the head of an SQLite file: two bytes that say whether it is written with a log (https://sqlite.org/fileformat.html).
_LOGGED, _PLAIN = 18, b"\x01\x01"


class Scratch(NamedTuple):
    """One file, as bytes and as an SQLite database."""

    file: IO[bytes]
    database: sqlite3.Connection

    def take_in(self) -> None:
        """After a whole database was written through the file, and before the first question to it."""
        self.file.seek(_LOGGED)
        self.file.write(_PLAIN)  # a log would need a name
        self.file.flush()


@contextmanager
def nameless(folder: Path) -> Iterator[Scratch]:
    """An empty database on the disk of `folder` that only this process can reach; gone at the end, however it ends."""
    # The folder is for a file system that cannot forget a name, such as NFS: it goes too, or with the next backup.
    with tempfile.TemporaryDirectory(prefix=MAKING, dir=folder) as place:
        path = Path(place, "scratch")
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w+b") as file, closing(sqlite3.connect(path, isolation_level=None)) as database:
            path.unlink()
            yield Scratch(file, database)


def quicken(database: sqlite3.Connection) -> None:
    """Neither keep a journal, which would have a name, nor wait: until it is whole it counts for nothing."""
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
