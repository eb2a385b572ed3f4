"""Every engine that the contract suite runs on. PostgreSQL becomes the third."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kagami.meters import Meters
from kagami.storage.anchors import Anchors
from kagami.storage.audit import Seals
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from tests.storage.audited import KEY


@pytest.fixture
def meters() -> Meters:
    return Meters()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["memory", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return ":memory:" if request.param == "memory" else str(tmp_path / "kagami.db")


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
