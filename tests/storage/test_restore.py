from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kagami.core.chain import Verdict
from kagami.errors import BackupRefused
from kagami.model.principal import CONSOLE
from kagami.ports import StorePut
from kagami.storage.anchors import Anchors
from kagami.storage.archive import Origin, pack
from kagami.storage.audit import Seals
from kagami.storage.replacing import DatabaseFile
from kagami.storage.restore import Restored, restore
from kagami.testing.clock import FakeClock
from tests.storage.audited import KEY, fill, make_old, opened
from tests.storage.make import START_MS, event

HELLO, LATER = "hello from the backup", "said later"


class Home:
    """A database with its seals, and a folder for backups."""

    def __init__(self, path: Path, key: bytes = KEY) -> None:
        path.mkdir()
        self.path = path
        self.database = path / "kagami.db"
        self.clock = FakeClock(wall_ms=START_MS)
        self.seals = Seals(key, Anchors(path / "audit.anchors", "a secret"))

    async def live(self, said: str, rows: int = 3, *, epoch: int = 0) -> None:
        async with opened(self.database, self.seals) as store:
            await store.ledger.accept(event(said), START_MS)
            await fill(store, rows, verb=said)
            if epoch:
                writes = [StorePut("@epoch", "tokens", str(epoch))]
                await store.audit(START_MS, CONSOLE, "people.logout", "{}", "ok", writes)

    def back_up(self) -> Path:
        return pack(self.path / "backups", Origin(self.database, {}, "1.0.0", "asked"), START_MS)

    async def restore(self, archive: Path) -> Restored:
        return await restore(archive, DatabaseFile(self.database), clock=self.clock, seals=self.seals)

    async def texts(self) -> list[str]:
        async with opened(self.database, self.seals) as store:
            return [row.text for row in await store.messages()]

    async def verdict(self) -> Verdict:
        async with opened(self.database, self.seals) as store:
            return await store.verify_audit()

    async def epoch(self) -> int:
        async with opened(self.database, self.seals) as store:
            return int(await store.get("@epoch", "tokens") or 0)

    @property
    def files(self) -> list[str]:
        return sorted(path.name for path in self.path.iterdir())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
async def archive(home: Home) -> Path:
    await home.live(HELLO)
    return home.back_up()


async def test_what_was_there_comes_back(home: Home, archive: Path) -> None:
    await home.live(LATER)
    done = await home.restore(archive)
    assert await home.texts() == [HELLO]
    assert (done.messages, done.kept, done.version) == (1, True, "1.0.0")


async def test_the_present_database_is_kept_beside(home: Home, archive: Path) -> None:
    await home.live(LATER)
    done = await home.restore(archive)
    with closing(sqlite3.connect(done.aside)) as aside:
        assert aside.execute("SELECT text FROM events ORDER BY id").fetchall() == [(HELLO,), (LATER,)]


async def test_the_log_of_the_present_database_does_not_spoil_the_new_one(home: Home, archive: Path) -> None:
    await home.live(LATER)
    shutil.copyfile(home.database, home.path / "killed")
    with closing(sqlite3.connect(home.database, isolation_level=None)) as writer:
        writer.execute("PRAGMA wal_autocheckpoint = 0")
        writer.execute("INSERT INTO plugin_values VALUES ('a', 'b', '1')")
        shutil.copyfile(f"{home.database}-wal", home.path / "log")
    shutil.move(home.path / "killed", home.database)
    shutil.move(home.path / "log", f"{home.database}-wal")
    done = await home.restore(archive)
    assert await home.texts() == [HELLO]
    with closing(sqlite3.connect(done.aside)) as aside:
        assert aside.execute("SELECT value FROM plugin_values").fetchall() == [("1",)]


async def test_the_chain_goes_on_with_a_row_about_the_restoring(home: Home, archive: Path) -> None:
    await home.live(LATER)
    await home.restore(archive)
    async with opened(home.database, home.seals) as store:
        (row,) = await store.audits(limit=1)
    assert (row.seq, row.operation, row.result) == (4, "backup.restore", "ok")
    assert archive.name in row.target
    assert await home.verdict() == Verdict(ok=True, rows=4, first=1, last=4, anchors=2)


async def test_tokens_of_before_do_not_count_any_more(home: Home, archive: Path) -> None:
    await home.live(LATER, epoch=START_MS + 5)
    await home.restore(archive)
    assert await home.epoch() == START_MS + 6


async def test_restoring_twice_makes_the_tokens_between_invalid_too(home: Home, archive: Path) -> None:
    await home.restore(archive)
    first = await home.epoch()
    await home.clock.advance(1)
    await home.restore(archive)
    assert await home.epoch() > first


async def test_a_new_home_takes_the_rows_into_its_own_chain(tmp_path: Path, archive: Path) -> None:
    other = Home(tmp_path / "other", b"another key")
    done = await other.restore(archive)
    assert (done.kept, done.aside) == (False, "")
    assert await other.texts() == [HELLO]
    assert await other.verdict() == Verdict(ok=True, rows=4, first=1, last=4, anchors=1)


async def test_a_new_home_with_the_same_key_goes_on(tmp_path: Path, archive: Path) -> None:
    other = Home(tmp_path / "other")
    assert (await other.restore(archive)).kept
    assert (await other.verdict()).ok


async def test_a_chain_that_was_tampered_with_is_not_kept_in_silence(home: Home, archive: Path) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("DROP TRIGGER audit_fixed")
        database.execute("UPDATE audit SET result = 'denied' WHERE seq = 2")
        database.commit()
    done = await home.restore(home.back_up())
    assert not done.kept
    async with opened(home.database, home.seals) as store:
        (row,) = await store.audits(limit=1)
    assert '"kept":false' in row.target


async def test_an_older_schema_is_migrated(tmp_path: Path, home: Home) -> None:
    old = tmp_path / "old.db"
    make_old(old)
    archive = pack(tmp_path / "backups", Origin(old, {}, "0.1.0", "asked"), START_MS)
    await home.live(LATER)
    done = await home.restore(archive)
    assert (done.schema, done.kept) == (1, False)
    assert (await home.verdict()).rows == 4
    assert await home.texts() == []


def damage(path: Path) -> None:
    text = path.read_bytes()
    path.write_bytes(text[:200] + b"\xff" * 20 + text[220:])


async def test_a_damaged_file_changes_nothing(home: Home, archive: Path) -> None:
    await home.live(LATER)
    before = home.files
    damage(archive)
    with pytest.raises(BackupRefused):
        await home.restore(archive)
    assert home.files == before
    assert await home.texts() == [HELLO, LATER]


async def test_the_anchors_that_do_not_fit_any_more_stay_beside(home: Home, archive: Path) -> None:
    await home.live(LATER)
    await home.restore(archive)
    assert f"audit.anchors.before-restore-{START_MS}" in home.files
    assert home.seals.anchors is not None
    assert list(home.seals.anchors.read().hashes) == [3, 4]
