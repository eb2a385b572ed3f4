from __future__ import annotations

from pathlib import Path

import pytest

from kagami.config import Settings, load
from kagami.engine.seals import seals_of
from kagami.home import Home, prepare
from kagami.meters import Meters
from kagami.storage.store import open_store
from kagami.testing.clock import FakeClock


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """A home with a database and a configuration that holds a secret."""
    home = Home(tmp_path / "home")
    prepare(home)
    (home.path / "kagami.toml").write_text('prefix = "!"\n[gateway]\ntoken = "canary-4u8s7Qx2vN1kZp9r"\n', "utf-8")
    found = load(home, environ={})
    async with open_store(found.database, clock=FakeClock(), meters=Meters(), seals=seals_of(home)):
        pass
    return found
