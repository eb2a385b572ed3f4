from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from kagami.config import Settings, load
from kagami.engine.seals import is_ours, refuse_other_key, seals_of
from kagami.engine.upgrading import note
from kagami.errors import SettingError
from kagami.home import Home, prepare


def settings(folder: Path, url: str) -> Settings:
    return load(Home(folder), environ={"KAGAMI_STORE__URL": url})


def test_a_home_keeps_its_seals(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    prepare(home)
    assert not seals_of(home, create=False).key
    made = seals_of(home)
    assert seals_of(home).key == made.key
    assert stat.S_IMODE((home.secrets / "audit_key").stat().st_mode) == 0o600


async def test_a_changed_row_is_not_taken_for_another_key(tmp_path: Path) -> None:
    given = settings(tmp_path / "one", str(tmp_path / "kagami.db"))
    for _ in range(3):
        await note(given, "test", {})
    with closing(sqlite3.connect(tmp_path / "kagami.db", isolation_level=None)) as database:
        database.execute("DROP TRIGGER audit_fixed")
        database.execute("UPDATE audit SET name = 'nobody' WHERE seq = 3")
    assert await is_ours(given)


async def test_without_a_store_there_is_nothing_to_refuse(tmp_path: Path) -> None:
    await refuse_other_key(settings(tmp_path / "one", str(tmp_path / "none.db")))
    (tmp_path / "text.db").write_text("no database at all, but longer than a head of one" * 100)
    await refuse_other_key(settings(tmp_path / "two", str(tmp_path / "text.db")))


async def test_a_home_that_lost_its_key_is_told_which_file(tmp_path: Path) -> None:
    given = settings(tmp_path / "one", str(tmp_path / "kagami.db"))
    await note(given, "test", {})
    with pytest.raises(SettingError, match=r"two/secrets/audit_key"):
        await note(settings(tmp_path / "two", str(tmp_path / "kagami.db")), "test", {})
