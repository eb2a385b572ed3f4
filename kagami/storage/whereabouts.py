"""What a store's address stands for, for whoever copies or replaces it whole: a file, or the tables of a server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from kagami.storage.replacing import DatabaseFile, Place
from kagami.storage.store import database_path, is_postgres

if TYPE_CHECKING:
    from kagami.storage.archive import Copy

MEMORY = ":memory:"


def file_of(address: str) -> Path | None:
    """The file of an SQLite store; None for any other."""
    if is_postgres(address):
        return None
    path = database_path(address)
    return None if path == MEMORY else Path(path)


def copy_of_store(address: str, *, rests: bool = False) -> Copy | None:
    """What makes a copy of the store for a backup; None when it is in memory. `rests` while an engine works on it."""
    if is_postgres(address):
        from kagami.storage.postgres_whole import copy_of_server  # noqa: PLC0415 (loads the driver)

        return copy_of_server(address, rests=rests)
    from kagami.storage.archive import copy_of  # noqa: PLC0415

    file = file_of(address)
    return copy_of(file) if file else None


def place_of_store(address: str, scratch: Path, go_on: Callable[[], None] = lambda: None) -> Place | None:
    """Where the store is kept; None when it is in memory. What is made for a server is made in `scratch`.

    `go_on` is called between portions of rows.
    """
    if is_postgres(address):
        from kagami.storage.postgres_whole import DatabaseSchema  # noqa: PLC0415 (loads the driver)

        return DatabaseSchema(address, scratch, go_on)
    file = file_of(address)
    return DatabaseFile(file) if file else None
