from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kagami.config import Settings, load
from kagami.core.secrets import Secret
from kagami.engine.backups import LOOK_S, HomeBackups
from kagami.engine.seals import seals_of
from kagami.errors import BackupRefused, NotFound, Refused, Unavailable
from kagami.home import Home
from kagami.meters import Meters
from kagami.storage.config import BackupConfig, StoreConfig
from kagami.storage.store import open_store
from kagami.testing.clock import FakeClock
from kagami.testing.postgres import binaries

SECRETS = {"gateway_token", "jwt_secret", "audit_key", "anchor_key"}


@asynccontextmanager
async def scheduled(given: HomeBackups) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        running = group.create_task(given.run())
        yield
        running.cancel()


async def test_one_is_made_listed_verified_and_deleted(settings: Settings) -> None:
    backups = HomeBackups(lambda: settings, FakeClock())
    made = await backups.make()
    assert (made.reason, made.trouble, made.secrets) == ("asked", "", False)
    assert await backups.list() == [made]
    assert await backups.verify(made.name) == made
    await backups.delete(made.name)
    assert await backups.list() == []


@pytest.mark.parametrize("name", ["../kagami.toml", "none.kbk"])
async def test_nothing_else_is_deleted(settings: Settings, name: str) -> None:
    with pytest.raises(NotFound):
        await HomeBackups(lambda: settings, FakeClock()).delete(name)


async def test_a_store_in_memory_has_no_backup(tmp_path: Path) -> None:
    found = load(Home(tmp_path / "home"), environ={"KAGAMI_STORE__URL": "sqlite://"})
    with pytest.raises(Refused, match="in memory"):
        await HomeBackups(lambda: found, FakeClock()).make()


async def test_they_are_made_on_schedule(settings: Settings) -> None:
    clock = FakeClock()
    backups = HomeBackups(lambda: settings, clock)
    async with asyncio.timeout(20), scheduled(backups):
        await clock.asleep()
        for count in (1, 2):
            while len(await backups.list()) < count:
                await clock.advance(600)
                await clock.asleep()  # not while one is made: it would seem to take long
    assert {row.reason for row in await backups.list()} == {"scheduled"}


async def test_a_clock_that_was_set_back_does_not_end_them(settings: Settings) -> None:
    clock = FakeClock()
    later = FakeClock(wall_ms=clock.wall_ms() + 365 * 86_400_000)
    await HomeBackups(lambda: settings, later).make(reason="scheduled")
    backups = HomeBackups(lambda: settings, clock)
    async with asyncio.timeout(20), scheduled(backups):
        await clock.asleep()
        while len(await backups.list()) < 2:
            await clock.advance(600)
            await clock.asleep()
    assert clock.monotonic() < 2 * 3_600


async def test_what_cannot_be_deleted_is_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    backups = HomeBackups(lambda: settings, FakeClock())
    made = await backups.make()
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(Unavailable, match="Permission denied"):
        await backups.delete(made.name)


async def test_a_store_in_memory_is_nothing_that_failed(tmp_path: Path) -> None:
    found, clock, told = load(Home(tmp_path / "home"), environ={"KAGAMI_STORE__URL": "sqlite://"}), FakeClock(), [0]
    async with scheduled(HomeBackups(lambda: found, clock, tell=lambda *_, **__: told.append(1))):
        for _ in range(8):
            await clock.asleep()
            await clock.advance(600)
    assert told == [0]


async def test_a_failure_is_told(settings: Settings) -> None:
    clock, told = FakeClock(), list[tuple[Any, ...]]()
    settings.home.database.unlink()
    backups = HomeBackups(lambda: settings, clock, tell=lambda *words, **fields: told.append((*words[:2], fields)))
    async with asyncio.timeout(20), scheduled(backups):
        while not told:
            await clock.advance(600)
            await clock.asleep()
    assert told[0] == ("error", "backup_failed", {"reason": "there is no database yet"})


async def test_a_last_good_one_that_is_too_old_is_told_once(settings: Settings) -> None:
    clock, told = FakeClock(), list[str]()
    backups = HomeBackups(lambda: settings, clock, tell=lambda _, kind, *__, **___: told.append(kind))
    await backups.make(reason="scheduled")
    settings.home.database.rename(settings.home.database.with_name("away"))
    async with asyncio.timeout(20), scheduled(backups):
        while told.count("backup_failed") < 5:
            await clock.advance(600)
            await clock.asleep()
        assert told.count("backup_late") == 1
        settings.home.database.with_name("away").rename(settings.home.database)
        while len(await backups.list()) < 2:
            await clock.advance(600)
            await clock.asleep()
        settings.home.database.unlink()
        while told.count("backup_late") < 2:
            await clock.advance(600)
            await clock.asleep()


async def test_only_the_process_that_may_makes_them(settings: Settings) -> None:
    clock, allowed = FakeClock(), [False]
    backups = HomeBackups(lambda: settings, clock)
    backups.may_run = lambda: allowed[0]
    async with asyncio.timeout(20), scheduled(backups):
        for _ in range(12):
            await clock.asleep()
            await clock.advance(600)
        assert await backups.list() == []
        allowed[0] = True
        while not await backups.list():
            await clock.asleep()
            await clock.advance(600)


async def test_with_a_passphrase_they_are_encrypted(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.seal.N", 16)
    sealed = msgspec.structs.replace(settings, backup=BackupConfig(passphrase=Secret("correct horse")))
    backups = HomeBackups(lambda: sealed, FakeClock())
    made = await backups.make()
    assert made.name.endswith(".kbk.enc")
    assert await backups.verify(made.name) == made
    with pytest.raises(BackupRefused, match="passphrase"):
        await HomeBackups(lambda: settings, FakeClock()).verify(made.name)


async def test_a_server_has_a_dump_beside_its_backup(
    settings: Settings, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGAMI_PG_BIN", str(binaries()))
    there = msgspec.structs.replace(settings, store=StoreConfig(url=Secret(postgres_url)))
    async with open_store(there.database, clock=FakeClock(), meters=Meters(), seals=seals_of(there.home)):
        pass
    backups = HomeBackups(lambda: there, FakeClock())
    made = await backups.make()
    dumped = next(row for row in await backups.list() if row.kind == "dump")
    assert (dumped.name, dumped.made_ms) == (made.name.replace(".kbk", ".dump"), made.made_ms)
    assert (await backups.verify(dumped.name)).name == dumped.name
    monkeypatch.setenv("KAGAMI_PG_BIN", "/nowhere")
    assert (await backups.make()).trouble == ""
    assert len(await backups.list()) == 3
    await backups.delete(made.name)
    assert dumped.name not in [row.name for row in await backups.list()]


async def test_nobody_waits_for_a_backup_that_is_given_up(settings: Settings) -> None:
    backups = HomeBackups(lambda: settings, FakeClock())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await backups.make()
    assert (await backups.make()).trouble == ""


async def test_the_time_of_the_newest_is_measured(settings: Settings) -> None:
    clock, meters = FakeClock(), Meters()
    backups = HomeBackups(lambda: settings, clock, meters=meters)
    async with asyncio.timeout(20), scheduled(backups):
        await clock.asleep()
        made = await backups.make()
        told = meters.gauge["backup_timestamp_seconds"]
    assert (meters.count["backups", "made"], told) == (1, made.made_ms / 1000)


async def test_a_process_that_does_not_make_them_any_more_tells_no_time(settings: Settings) -> None:
    clock, meters, ours = FakeClock(), Meters(), [True]
    backups = HomeBackups(lambda: settings, clock, meters=meters)
    backups.may_run = lambda: ours[0]
    async with asyncio.timeout(20), scheduled(backups):
        await clock.asleep()
        assert "backup_timestamp_seconds" in meters.gauge
        ours[0] = False
        await clock.advance(LOOK_S)
        assert "backup_timestamp_seconds" not in meters.gauge


async def test_the_time_of_the_newest_goes_when_the_duty_ends(settings: Settings) -> None:
    clock, meters = FakeClock(), Meters()
    async with asyncio.timeout(20), scheduled(HomeBackups(lambda: settings, clock, meters=meters)):
        await clock.asleep()
        assert "backup_timestamp_seconds" in meters.gauge
    assert "backup_timestamp_seconds" not in meters.gauge


async def test_one_made_by_hand_where_none_are_kept_making_tells_no_time(settings: Settings) -> None:
    meters = Meters()
    await HomeBackups(lambda: settings, FakeClock(), meters=meters).make()
    assert "backup_timestamp_seconds" not in meters.gauge


async def test_a_start_removes_what_a_killed_one_left(settings: Settings) -> None:
    clock, left = FakeClock(), settings.home.backups / ".making-old"
    left.mkdir(parents=True)
    (left / "kagami.db").write_bytes(b"SQLite format 3")
    async with asyncio.timeout(20), scheduled(HomeBackups(lambda: settings, clock)):
        await clock.asleep()
    assert not left.exists()
