from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest

from kagami.config import Settings, load
from kagami.core.secrets import Secret
from kagami.engine.moving import READING, WRITING, move
from kagami.engine.seals import seals_of
from kagami.errors import Conflict, MoveFailed, NotReached, Refused
from kagami.home import Home, prepare
from kagami.meters import Meters
from kagami.storage.archive import read_manifest
from kagami.storage.config import StoreConfig
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from tests.storage.make import START_MS, event

SAID = "said before the move 搬家"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    home = Home(tmp_path / "home")
    prepare(home)
    found = load(home, environ={})
    async for store in of(found):
        await store.ledger.accept(event(SAID), START_MS)
    return found


def at(settings: Settings, address: str) -> Settings:
    return msgspec.structs.replace(settings, store=StoreConfig(url=Secret(address)))


async def of(settings: Settings) -> AsyncIterator[SqlStore]:
    async with open_store(
        settings.database, clock=FakeClock(), meters=Meters(), seals=seals_of(settings.home)
    ) as store:
        yield store


async def said(settings: Settings) -> list[str]:
    texts: list[str] = []
    async for store in of(settings):
        assert (await store.verify_audit()).ok
        assert len(await store.search("搬家")) == len(await store.messages())
        texts = [row.text for row in await store.messages()]
    return texts


async def test_a_store_moves_to_a_server_and_back_without_loss(settings: Settings, postgres_url: str) -> None:
    steps: list[str] = []
    done = await move(
        settings, postgres_url, replace=False, clock=FakeClock(), watch=lambda step, _: steps.append(step)
    )
    assert (done.messages, done.backup, done.aside) == (1, "", "")
    assert list(dict.fromkeys(steps)) == [READING, WRITING]
    assert await said(at(settings, postgres_url)) == [SAID]
    file = str(settings.home.path / "back.db")
    await move(at(settings, postgres_url), file, replace=False, clock=FakeClock())
    assert await said(at(settings, file)) == [SAID]


async def test_the_audit_says_so(settings: Settings, tmp_path: Path) -> None:
    file = str(tmp_path / "other.db")
    await move(settings, file, replace=False, clock=FakeClock())
    async for store in of(at(settings, file)):
        (row,) = await store.audits(limit=1)
        assert (row.operation, file in row.target) == ("store.move", True)


async def test_what_is_kept_there_is_not_replaced_unasked(settings: Settings, tmp_path: Path) -> None:
    file = str(tmp_path / "other.db")
    await move(settings, file, replace=False, clock=FakeClock())
    with pytest.raises(Conflict, match="--replace"):
        await move(settings, file, replace=False, clock=FakeClock())
    done = await move(settings, file, replace=True, clock=FakeClock())
    assert read_manifest(settings.home.backups / done.backup).reason == "before move"
    assert done.aside.startswith(f"{file}.before-move-")


async def test_it_does_not_move_onto_itself(settings: Settings) -> None:
    with pytest.raises(Refused, match="there already"):
        await move(settings, settings.database, replace=True, clock=FakeClock())


async def test_a_store_in_memory_does_not_move(settings: Settings) -> None:
    with pytest.raises(Refused, match="in memory"):
        await move(at(settings, "sqlite://"), "x.db", replace=True, clock=FakeClock())


async def test_a_server_that_is_away_is_told(settings: Settings) -> None:
    with pytest.raises(NotReached):
        await move(settings, "postgresql://nobody@127.0.0.1:1/none", replace=False, clock=FakeClock())


async def test_a_store_that_is_not_there_is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(MoveFailed, match="no database yet"):
        await move(at(settings, str(tmp_path / "none.db")), str(tmp_path / "x.db"), replace=False, clock=FakeClock())


async def test_a_folder_that_is_not_there_is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(MoveFailed, match="No such file or directory"):
        await move(settings, str(tmp_path / "none" / "x.db"), replace=False, clock=FakeClock())


async def test_a_server_in_use_does_not_move(settings: Settings, postgres_url: str, tmp_path: Path) -> None:
    await move(settings, postgres_url, replace=False, clock=FakeClock())
    server = await asyncpg.connect(postgres_url)
    await server.execute("INSERT INTO nodes (node, role, seen, state) VALUES ('box-1', 'all', now(), '{}')")
    await server.close()
    with pytest.raises(Refused, match="box-1"):
        await move(at(settings, postgres_url), str(tmp_path / "x.db"), replace=False, clock=FakeClock())
    assert not await asyncio.to_thread(Path.exists, tmp_path / "x.db")
