from __future__ import annotations

from pathlib import Path

import pytest

from kagami.clock import SystemClock
from kagami.config import Settings, load
from kagami.engine.upgrading import note, open_home_store, schema_at, upgrade_home
from kagami.errors import BackupFailed
from kagami.home import Home, prepare
from kagami.meters import Meters
from kagami.storage.archive import read_manifest
from tests.storage.older import MESSAGES, OLDER, SCHEMAS, content, make


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    home = Home(tmp_path / "home")
    prepare(home)
    return load(home, environ={})


async def test_an_older_store_is_backed_up_and_brought_up(settings: Settings) -> None:
    before = content(make(settings.home.database, OLDER[-1]))
    assert await schema_at(settings) == OLDER[-1]
    done = await upgrade_home(settings, SystemClock())
    assert done is not None
    made = read_manifest(settings.home.backups / done.backup)
    assert (made.reason, made.schema, made.messages) == ("before migration", OLDER[-1], MESSAGES)
    assert (await schema_at(settings), content(settings.home.database)) == (SCHEMAS[-1], before)


async def test_nothing_is_done_to_a_new_one_or_to_none(settings: Settings) -> None:
    assert await upgrade_home(settings, SystemClock()) is None
    await note(settings, "store.migrate", {})
    assert await upgrade_home(settings, SystemClock()) is None
    assert not settings.home.backups.exists()


async def test_opening_a_store_brings_it_up(settings: Settings) -> None:
    make(settings.home.database, OLDER[0])
    async with open_home_store(settings, SystemClock(), Meters()) as store:
        assert (await store.verify_audit()).ok
        assert len(await store.messages(limit=1_000)) == 2 * MESSAGES
        assert not await store.audits(operation="audit.anchors")


async def test_without_a_backup_nothing_is_done(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = content(make(settings.home.database, OLDER[-1]))

    def fail(*_: object) -> Path:
        raise BackupFailed(reason="the disk is full")

    monkeypatch.setattr("kagami.engine.packing.pack", fail)
    with pytest.raises(BackupFailed, match="full"):
        await upgrade_home(settings, SystemClock())
    assert (await schema_at(settings), content(settings.home.database)) == (OLDER[-1], before)


@pytest.mark.parametrize("address", ["sqlite://"])
async def test_a_store_in_memory_has_no_schema_yet(tmp_path: Path, address: str) -> None:
    found = load(Home(tmp_path / "home"), environ={"KAGAMI_STORE__URL": address})
    assert await schema_at(found) == 0
    assert await upgrade_home(found, SystemClock()) is None


async def test_opening_a_store_removes_what_a_killed_restore_left(settings: Settings) -> None:
    left = settings.home.path / ".kagami.db.restoring"
    left.write_bytes(b"SQLite format 3")
    await note(settings, "store.migrate", {})
    assert not left.exists()
