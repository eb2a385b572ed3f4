"""Versions of plugins, in either database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from kagami.clock import SystemClock
from kagami.errors import Unavailable
from kagami.meters import Meters
from kagami.ports import PackageRow
from kagami.storage.packages import PART_BYTES, SqlPackages
from kagami.storage.store import open_store

CONTENT = bytes(range(256)) * (PART_BYTES // 256) + b"rest"
ROW = PackageRow("greeter", "1.0.0", "a" * 64, len(CONTENT), 5, 0, "one", '{"id":"greeter"}', "seal")


@pytest.fixture(params=["sqlite", "postgres"])
async def packages(request: pytest.FixtureRequest) -> AsyncIterator[SqlPackages]:
    url = ":memory:" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    async with open_store(url, clock=SystemClock(), meters=Meters()) as store:
        assert isinstance(store.packages, SqlPackages)
        yield store.packages


async def test_what_was_put_is_there_in_parts(packages: SqlPackages) -> None:
    await packages.put(ROW, CONTENT)
    assert await packages.rows() == [ROW]
    assert await packages.content(ROW) == CONTENT


async def test_what_was_removed_is_told_and_has_no_content(packages: SqlPackages) -> None:
    await packages.put(ROW, CONTENT)
    gone = ROW._replace(removed_ms=9)
    await packages.remove(gone)
    assert await packages.rows() == [gone]
    with pytest.raises(Unavailable):
        await packages.content(ROW)


async def test_a_content_that_another_version_has_too_stays(packages: SqlPackages) -> None:
    other = ROW._replace(version="1.0.1")
    for row in (ROW, other):
        await packages.put(row, CONTENT)
    await packages.remove(ROW._replace(removed_ms=9))
    assert await packages.content(other) == CONTENT


async def test_what_is_put_again_is_mended(packages: SqlPackages) -> None:
    await packages.put(ROW, b"?" * len(CONTENT))
    await packages.put(ROW, CONTENT)
    assert await packages.content(ROW) == CONTENT
