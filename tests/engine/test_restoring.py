from __future__ import annotations

from pathlib import Path

import pytest

from kagami.config import Settings, load
from kagami.engine.backups import HomeBackups
from kagami.engine.restoring import restore_home
from kagami.engine.upgrading import note
from kagami.errors import BackupRefused
from kagami.home import Home, prepare
from kagami.storage.replacing import DatabaseFile
from kagami.testing.clock import FakeClock


@pytest.fixture(autouse=True)
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.seal.N", 16)


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    home = Home(tmp_path / "home")
    prepare(home)
    found = load(home, environ={"KAGAMI_BACKUP__PASSPHRASE": "correct horse"})
    await note(found, "store.migrate", {})
    return found


async def made(settings: Settings) -> Path:
    row = await HomeBackups(lambda: settings, FakeClock()).make(secrets=True)
    assert row.name.endswith(".kbk.enc")
    return settings.home.backups / row.name


async def reasons(settings: Settings) -> list[str]:
    return sorted(row.reason for row in await HomeBackups(lambda: settings, FakeClock()).list())


async def test_what_is_replaced_is_backed_up_first(settings: Settings) -> None:
    file = await made(settings)
    place = DatabaseFile(settings.home.database)
    done, written = await restore_home(file, settings, place, config=None, passphrase="correct horse")
    assert (done.file, written) == (file.name, [])
    assert await reasons(settings) == ["asked", "before restore"]


async def test_a_wrong_passphrase_changes_nothing(settings: Settings) -> None:
    file = await made(settings)
    before = settings.home.database.read_bytes()
    with pytest.raises(BackupRefused, match="another one"):
        await restore_home(file, settings, DatabaseFile(settings.home.database), config=None, passphrase="x")
    assert (await reasons(settings), settings.home.database.read_bytes()) == (["asked"], before)


async def test_what_cannot_be_backed_up_is_replaced_all_the_same(settings: Settings) -> None:
    file = await made(settings)
    settings.home.database.write_bytes(b"no database")
    place = DatabaseFile(settings.home.database)
    done, _ = await restore_home(file, settings, place, config=None, passphrase="correct horse")
    assert content_of(done.aside) == b"no database"
