"""Plugins of engines that share a PostgreSQL: what one brings, all have."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import asyncpg
import pytest

from kagami.engine import Engine
from kagami.operations import plugins
from kagami.operations.plugins import Remove, Rollback, Use, Weigh
from kagami.plugins.package import pack
from kagami.plugins.parcels import ALONE
from kagami.plugins.signing import make_key
from kagami.ports import Installed, PluginRow
from tests.engine.running import FREE, answers, engine, until, visiting

SECRET = "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"
LIMIT_S = 40.0
Start = Callable[[str, str], AbstractAsyncContextManager[Engine]]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "key"


@pytest.fixture
def start(tmp_path: Path, postgres_url: str, key: Path) -> Start:
    """An engine by name and role."""
    public = make_key(key)

    def begin(name: str, role: str) -> AbstractAsyncContextManager[Engine]:
        return engine(
            tmp_path / name,
            f'{FREE}[plugins]\ntrust = ["{public}"]\n',
            KAGAMI_STORE__URL=postgres_url,
            KAGAMI_CLUSTER__NODE=name,
            KAGAMI_CLUSTER__ROLE=role,
            KAGAMI_CLUSTER__SECRET=SECRET,
            KAGAMI_CLUSTER__LEASE_SECONDS="2",
        )

    return begin


def make(place: Path) -> Path:
    place.parent.mkdir(parents=True)
    return place


def author(room: Path, version: str) -> Path:
    """A folder that answers `/greet` with its version."""
    folder = room / f"greeter-{version}"
    folder.mkdir(exist_ok=True)
    (folder / "plugin.json").write_text(json.dumps({"id": "greeter", "version": version, "entry": "main:plugin"}))
    (folder / "main.py").write_text(
        "from kagami.plugins.api import Context, Plugin\nplugin = Plugin()\n"
        f"@plugin.command('greet')\nasync def greet(ctx: Context) -> str:\n    return 'greeter {version}'\n"
    )
    return folder


Install = Callable[[Engine, str], Awaitable[Installed]]


@pytest.fixture
def install(tmp_path: Path, key: Path) -> Install:
    """Install a version, packed and signed, at an engine."""

    async def bring(at: Engine, version: str) -> Installed:
        source = author(tmp_path, version)
        found: Installed = await at.call(plugins.Install(source=str(pack(source, tmp_path / "packed", key))))
        return found

    return bring


async def row(at: Engine, fits: Callable[[PluginRow], bool]) -> PluginRow:
    """What an engine has of the plugin itself, once it is so."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            found = next((each for each in at.parts.plugins.rows() if each.id == "greeter"), None)
            if found is not None and fits(found):
                return found
            await asyncio.sleep(0.02)


async def serves(at: Engine, version: str) -> None:
    await row(at, lambda found: found.version == version)


@pytest.fixture
async def pair(start: Start) -> AsyncIterator[tuple[Engine, Engine]]:
    async with start("gateway", "gateway") as gateway, start("worker", "worker") as worker:
        yield gateway, worker


async def test_what_is_installed_at_a_gateway_a_worker_serves(pair: tuple[Engine, Engine], install: Install) -> None:
    gateway, worker = pair
    for version in ("1.0.0", "2.0.0"):
        assert (await install(gateway, version)).warnings == ()
        await serves(worker, version)
        async with visiting(gateway) as peer:
            await answers(peer, "/greet", f"greeter {version}")


async def test_versions_are_chosen_for_all(pair: tuple[Engine, Engine], install: Install) -> None:
    gateway, worker = pair
    await install(gateway, "1.0.0")
    await install(gateway, "2.0.0")
    await gateway.call(Use(plugin="greeter", version="1.0.0"))
    await serves(worker, "1.0.0")
    await gateway.call(Rollback(plugin="greeter"))
    await serves(worker, "2.0.0")


async def test_what_is_removed_at_one_is_gone_at_all(
    pair: tuple[Engine, Engine], install: Install, tmp_path: Path
) -> None:
    gateway, worker = pair
    await install(gateway, "1.0.0")
    await install(gateway, "2.0.0")
    await serves(worker, "2.0.0")
    await gateway.call(Remove(plugin="greeter", version="1.0.0"))
    await row(worker, lambda found: [each.version for each in found.versions] == ["2.0.0"])
    await until(lambda: not (tmp_path / "worker" / "plugins" / "greeter" / "1.0.0").exists())
    await install(gateway, "1.0.0")
    await row(worker, lambda found: len(found.versions) == 2)


async def test_who_joins_later_has_everything_at_once(start: Start, install: Install) -> None:
    async with start("gateway", "gateway") as gateway:
        made = await install(gateway, "1.0.0")
        async with start("worker", "worker") as worker:
            found = await row(worker, lambda _: True)
            assert (found.version, found.versions[0].signer) == ("1.0.0", made.signer)


async def test_what_was_damaged_in_the_database_is_refused_and_told(
    start: Start, install: Install, postgres_url: str
) -> None:
    async with start("gateway", "gateway") as gateway:
        await install(gateway, "1.0.0")
        database = await asyncpg.connect(postgres_url)
        await database.execute("UPDATE package_parts SET content = overlay(content PLACING 'AAAA' FROM 9)")
        async with start("worker", "worker") as worker:
            found = await row(worker, lambda _: True)
            assert (found.version, found.state, "damaged" in found.error) == ("", "failed", True)
            await install(gateway, "1.0.0")  # what it has is sound
            await serves(worker, "1.0.0")
        await database.close()


async def test_a_forged_row_is_mended_by_who_has_the_version(start: Start, install: Install, postgres_url: str) -> None:
    async with start("gateway", "gateway") as gateway:
        await install(gateway, "1.0.0")
        await serves(gateway, "1.0.0")
        database = await asyncpg.connect(postgres_url)
        await database.execute("UPDATE packages SET removed_ms = 1")
        await database.close()
        async with start("worker", "worker") as worker:
            await serves(worker, "1.0.0")


async def test_a_folder_of_one_process_alone_stays_and_does_not_serve_among_others(
    start: Start, tmp_path: Path
) -> None:
    mine = tmp_path / "one" / "plugins" / "greeter" / "1.0.0"
    author(tmp_path, "1.0.0").rename(make(mine))
    async with start("one", "all") as one:
        await serves(one, "1.0.0")
        async with start("two", "all") as two:
            found = await row(one, lambda found: not found.version)
            assert ALONE in found.error
            assert "greeter" not in [each.id for each in two.parts.plugins.rows()]
        await serves(one, "1.0.0")
    assert (mine / "main.py").exists()


async def test_a_folder_that_all_have_serves(start: Start, tmp_path: Path) -> None:
    for name in ("one", "two"):
        author(tmp_path, "1.0.0").rename(make(tmp_path / name / "plugins" / "greeter" / "1.0.0"))
    async with start("one", "all") as one, start("two", "all") as two:
        await serves(one, "1.0.0")
        await serves(two, "1.0.0")


async def test_a_canary_is_everybodys(pair: tuple[Engine, Engine], install: Install) -> None:
    gateway, worker = pair
    await install(gateway, "1.0.0")
    await install(gateway, "2.0.0")
    await gateway.call(Use(plugin="greeter", version="1.0.0"))
    await gateway.call(Weigh(plugin="greeter", weight=50, version="2.0.0"))
    found = await row(worker, lambda found: found.canary == "2.0.0")
    assert (found.version, found.weight) == ("1.0.0", 50)
