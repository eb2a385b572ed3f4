from __future__ import annotations

from pathlib import Path

import pytest

from kagami.clock import SystemClock
from kagami.config import Settings, load
from kagami.engine.resealing import reseal
from kagami.engine.upgrading import note, open_home_store
from kagami.errors import Refused, SettingError
from kagami.home import Home
from kagami.meters import Meters
from kagami.storage.whereabouts import place_of_store

SECRET = "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"
STORES = ["sqlite", "postgres"]


@pytest.fixture
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a new store."""
    if request.param == "sqlite":
        return str(tmp_path / "kagami.db")
    found: str = request.getfixturevalue("postgres_url")
    return found


def settings(folder: Path, url: str, secret: str = "") -> Settings:
    given = {"KAGAMI_CLUSTER__SECRET": secret} if secret else {}
    return load(Home(folder), environ={"KAGAMI_STORE__URL": url, **given})


async def whole(given: Settings) -> tuple[bool, int]:
    async with open_home_store(given, SystemClock(), Meters()) as store:
        found = await store.verify_audit()
        return found.ok, found.rows


@pytest.mark.parametrize("url", STORES, indirect=True)
async def test_an_audit_of_another_key_is_refused_until_it_is_resealed(tmp_path: Path, url: str) -> None:
    for _ in range(3):
        await note(settings(tmp_path / "one", url), "test", {})
    other = settings(tmp_path / "two", url, SECRET)
    with pytest.raises(SettingError, match=r"cluster\.secret .* reseal"):
        await note(other, "test", {})
    place = place_of_store(other.database, other.home.path)
    assert place is not None
    done = await reseal(other, place)
    assert (done.kept, bool(done.aside)) == (False, True)
    await note(other, "test", {})
    assert await whole(other) == (True, 5)


async def test_one_that_is_ours_is_left_alone(tmp_path: Path) -> None:
    given = settings(tmp_path / "one", str(tmp_path / "kagami.db"), SECRET)
    await note(given, "test", {})
    place = place_of_store(given.database, given.home.path)
    assert place is not None
    with pytest.raises(Refused, match="already"):
        await reseal(given, place)
