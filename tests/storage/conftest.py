"""Every engine that the contract suite runs on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from kagami.meters import Meters
from kagami.storage.anchors import Anchors
from kagami.storage.audit import Seals
from kagami.storage.engine import Engine
from kagami.storage.postgres import open_postgres
from kagami.storage.sqlite import open_sqlite
from kagami.storage.store import SqlStore, is_postgres, open_store
from kagami.testing.clock import FakeClock
from kagami.testing.postgres import PostgresServer
from tests.storage.audited import KEY


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """The name of a database with our schema, to make others of."""

    async def migrate(url: str) -> None:
        async with open_postgres(url):
            pass

    # A loop of its own, beside whatever this thread has.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, migrate(postgres.create("migrated"))).result()
    return "migrated"


def _place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "postgres":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.create(template=request.getfixturevalue("migrated"))
        yield url
        server.drop(url)
    else:
        yield ":memory:" if request.param == "memory" else str(tmp_path / "kagami.db")


@pytest.fixture(params=["memory", "file", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from _place(request, tmp_path)


@pytest.fixture(params=["file", "postgres"])
def lasting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A place that outlives the store."""
    yield from _place(request, tmp_path)


@pytest.fixture
async def engine(place: str) -> AsyncIterator[Engine]:
    async with open_postgres(place) if is_postgres(place) else open_sqlite(place) as opened:
        yield opened


@pytest.fixture
async def store(place: str, clock: FakeClock, meters: Meters) -> AsyncIterator[SqlStore]:
    async with open_store(place, clock=clock, meters=meters) as opened:
        yield opened


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kagami.db"


@pytest.fixture
def seals(tmp_path: Path) -> Seals:
    return Seals(KEY, Anchors(tmp_path / "audit.anchors", "a secret"))
