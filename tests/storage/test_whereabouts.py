from __future__ import annotations

from pathlib import Path

import pytest

from kagami.errors import Refused
from kagami.storage.postgres_whole import DatabaseSchema
from kagami.storage.replacing import DatabaseFile
from kagami.storage.whereabouts import copy_of_store, file_of, place_of_store


@pytest.mark.parametrize(
    ("address", "file"),
    [("/a/b.db", "/a/b.db"), ("sqlite:////a/b.db", "/a/b.db"), ("sqlite://", None), ("postgresql://h/n", None)],
)
def test_only_sqlite_has_a_file(address: str, file: str | None) -> None:
    assert file_of(address) == (Path(file) if file else None)


def test_each_engine_has_its_place(tmp_path: Path) -> None:
    assert isinstance(place_of_store("/a/b.db", tmp_path), DatabaseFile)
    assert isinstance(place_of_store("postgres://h/n", tmp_path), DatabaseSchema)


def test_a_store_in_memory_has_none(tmp_path: Path) -> None:
    assert place_of_store(":memory:", tmp_path) is None
    assert copy_of_store(":memory:") is None


def test_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="mysql"):
        place_of_store("mysql://h/n", tmp_path)
