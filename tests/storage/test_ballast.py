from __future__ import annotations

import asyncio
import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from kagami.clock import SystemClock
from kagami.errors import StoreClosed
from kagami.meters import Meters
from kagami.storage.ballast import AFTER_S, FREE, SIZE, Ballast
from kagami.storage.store import open_store
from kagami.testing.clock import FakeClock
from tests.storage.make import event


class Usage(NamedTuple):
    free: int


@pytest.fixture
def free(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets how much the disk has left."""

    def leave(count: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(count))

    leave(FREE)
    return leave


@pytest.fixture
def path(tmp_path: Path, free: Callable[[int], None]) -> Path:
    return tmp_path / "ballast"


def is_there(path: Path) -> bool:
    return path.exists()


def test_every_block_of_it_is_there_for_its_owner_alone(path: Path) -> None:
    Ballast(path).lay()
    found = path.stat()
    assert (found.st_size, found.st_blocks * 512 >= SIZE, found.st_mode & 0o777) == (SIZE, True, 0o600)


def test_a_disk_with_little_room_keeps_it(path: Path, free: Callable[[int], None]) -> None:
    free(FREE - 1)
    Ballast(path).lay()
    assert not path.exists()


def test_half_a_ballast_is_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    Ballast(path).lay()
    assert not path.exists()


@pytest.mark.parametrize(("needed", "left", "stays"), [(False, SIZE, True), (True, SIZE, False), (False, 0, False)])
def test_it_is_thrown_when_it_is_needed(
    path: Path, free: Callable[[int], None], needed: bool, left: int, stays: bool
) -> None:
    Ballast(path).lay()
    free(left)
    Ballast(path).throw(needed=needed)
    assert path.exists() is stays


async def test_a_command_that_opens_the_store_for_a_moment_lays_none(path: Path) -> None:
    async with open_store(":memory:", clock=SystemClock(), meters=Meters(), ballast=path):
        pass
    assert not is_there(path)


async def test_an_engine_lays_it_once_it_has_started(path: Path) -> None:
    clock = FakeClock()
    keeping = asyncio.create_task(Ballast(path).keep(clock))
    await clock.asleep()
    assert not is_there(path)
    await clock.advance(AFTER_S)
    await keeping
    assert is_there(path)


async def stop_full(database: Path) -> None:
    async with open_store(str(database), clock=FakeClock(), meters=Meters()) as store:
        writer = store._engine._writer  # type: ignore[attr-defined]
        await writer.submit(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchall())
        store.ledger.accept(event(native="x" * 9_000), 0)


async def test_rows_that_are_lost_at_the_end_are_told(tmp_path: Path) -> None:
    with pytest.raises(StoreClosed, match="full"):
        await stop_full(tmp_path / "k.db")
