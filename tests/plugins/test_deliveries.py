from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kagami.errors import NotFound, PackageRefused, Refused, Unavailable
from kagami.plugins import deliveries
from kagami.plugins.config import MarketConfig
from kagami.plugins.deliveries import Deliveries, hosts
from kagami.plugins.market import FILE
from kagami.plugins.recalls import Recall, read_recalls
from kagami.plugins.records import installed
from kagami.plugins.signing import make_key
from kagami.plugins.versions import discover
from kagami.ports import Installed
from kagami.testing.chat import chat_with
from kagami.testing.clock import FakeClock
from tests.plugins.bazaar import Bazaar
from tests.plugins.index import Index, serving


@pytest.fixture
def bazaar(tmp_path: Path) -> Bazaar:
    return Bazaar(tmp_path)


@pytest.fixture
def shop(bazaar: Bazaar, tmp_path: Path) -> Iterator[Index]:
    """The market's folder on a real server."""
    bazaar.stand.rmdir()
    with serving(bazaar.stand) as server:
        yield server


async def test_an_update_is_shown_and_then_made(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    ways = bazaar.deliveries()
    assert (await ways.install("greeter")).version == "1.0.0"
    bazaar.offer("1.1.0", permissions=["delete"], changes="Better")
    bazaar.publish()
    (row,) = await ways.sync(dry_run=True)
    assert (row.act, row.old, row.new, row.permissions, row.changes) == (
        "update",
        "1.0.0",
        "1.1.0",
        ("delete",),
        "Better",
    )
    assert bazaar.versions() == ["1.0.0"]
    assert await ways.sync(dry_run=False) == [row]
    assert bazaar.versions() == ["1.0.0", "1.1.0"]
    assert [row.act for row in await ways.sync(dry_run=False)] == ["keep"]


async def test_a_market_on_a_server_is_the_same(bazaar: Bazaar, shop: Index) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    done = await bazaar.deliveries(shop.files).install("greeter@1.0.0")
    assert (done.version, done.source) == ("1.0.0", f"{shop.url.removesuffix('/simple')}/greeter-1.0.0.kpk")
    assert "Downloading" in [step.step for step in bazaar.steps]


async def test_a_mirror_stands_in_for_the_host(bazaar: Bazaar, shop: Index) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    await bazaar.deliveries("http://market.invalid", mirror=shop.files).install("greeter")
    assert bazaar.road.taken == [f"{shop.files}/index.json", f"{shop.files}/greeter-1.0.0.kpk"]


async def test_a_market_that_is_away_touches_nothing(bazaar: Bazaar, shop: Index) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish(Recall("greeter", "*", "bad"))
    await bazaar.deliveries().install(str(bazaar.stand / "greeter-1.0.0.kpk"))
    bazaar.road.closed = True
    with pytest.raises(Unavailable):
        await bazaar.deliveries(shop.files).sync(dry_run=False)
    assert discover(bazaar.folder).versions.keys() == {"greeter"}


async def test_a_folder_that_is_away_is_told(bazaar: Bazaar, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="market"):
        await bazaar.deliveries(str(tmp_path / "nowhere")).sync(dry_run=True)


async def test_without_a_market_the_fix_is_named(bazaar: Bazaar) -> None:
    config = msgspec.structs.replace(bazaar.config(), market=MarketConfig())
    ways = deliveries.Deliveries(bazaar.folder, config, bazaar.road)
    with pytest.raises(Refused, match=r"plugins\.market\.url"):
        await ways.sync(dry_run=True)


async def test_an_older_index_is_refused(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    older = (bazaar.stand / FILE).read_bytes()
    bazaar.publish(Recall("greeter", "*", "bad"))
    await bazaar.deliveries().sync(dry_run=True)
    (bazaar.stand / FILE).write_bytes(older)
    with pytest.raises(PackageRefused, match="older"):
        await bazaar.deliveries().sync(dry_run=False)


async def test_another_market_has_a_time_of_its_own(bazaar: Bazaar, tmp_path: Path) -> None:
    bazaar.publish()
    await bazaar.deliveries().look_up()
    other = make_key(tmp_path / "other")
    bazaar.forge(lambda document: document.update(at_ms=1), tmp_path / "other")
    assert (await bazaar.deliveries(key=other).look_up()).at_ms == 1


async def test_a_changed_index_is_refused(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    bazaar.forge(lambda document: document.update(name="Mine"))
    with pytest.raises(PackageRefused, match="changed since"):
        await bazaar.deliveries().sync(dry_run=True)


@pytest.mark.parametrize("remote", [True, False])
async def test_a_file_that_is_not_the_one_of_the_index_is_not_opened(bazaar: Bazaar, shop: Index, remote: bool) -> None:
    package = bazaar.offer("1.0.0")
    bazaar.publish()
    package.write_bytes(package.read_bytes() + b"x")
    with pytest.raises(PackageRefused, match="not the file"):
        await bazaar.deliveries(shop.files if remote else "").install("greeter")
    assert bazaar.versions() == []
    assert "Unpacking" not in [step.step for step in bazaar.steps]


async def test_an_author_whom_nobody_trusts_is_refused(bazaar: Bazaar, tmp_path: Path) -> None:
    make_key(tmp_path / "stranger")
    bazaar.offer("1.0.0", key=tmp_path / "stranger")
    bazaar.publish()
    with pytest.raises(PackageRefused, match="trust"):
        await bazaar.deliveries().install("greeter")


def understate(document: dict[str, Any]) -> None:
    document["plugins"][0]["versions"][0]["permissions"] = []


def rename(document: dict[str, Any]) -> None:
    document["plugins"][0]["id"] = "weather"


@pytest.mark.parametrize(
    ("change", "plugin", "words"),
    [(understate, "greeter", "more than the index says: delete"), (rename, "weather", r"holds greeter 1\.0\.0")],
)
async def test_a_package_is_what_the_index_says(bazaar: Bazaar, change: Any, plugin: str, words: str) -> None:
    bazaar.offer("1.0.0", permissions=["delete"])
    bazaar.publish()
    bazaar.forge(change, bazaar.key)
    with pytest.raises(PackageRefused, match=words):
        await bazaar.deliveries().install(plugin)
    assert bazaar.versions() == []


async def test_one_update_that_fails_stops_no_other(bazaar: Bazaar) -> None:
    for plugin in ("greeter", "weather"):
        bazaar.offer("1.0.0", plugin)
    bazaar.publish()
    ways = bazaar.deliveries()
    await ways.install("greeter")
    await ways.install("weather")
    broken = bazaar.offer("1.1.0", "greeter")
    bazaar.offer("1.1.0", "weather")
    bazaar.publish()
    broken.unlink()
    rows = {row.id: row for row in await ways.sync(dry_run=False)}
    assert "greeter-1.1.0.kpk" in rows["greeter"].error
    assert (rows["weather"].error, bazaar.versions("weather")) == ("", ["1.0.0", "1.1.0"])


async def test_a_pinned_plugin_is_left_alone(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    await bazaar.deliveries().install("greeter")
    bazaar.offer("1.1.0")
    bazaar.publish()
    bazaar.pinned = {"greeter"}
    await bazaar.deliveries().sync(dry_run=False)
    assert bazaar.versions() == ["1.0.0"]


async def test_a_recalled_version_is_not_installed_from_the_market(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish(Recall("greeter", "1.0.0", "it leaks"))
    with pytest.raises(PackageRefused, match="recalled: it leaks"):
        await bazaar.deliveries().install("greeter@1.0.0")
    with pytest.raises(NotFound):
        await bazaar.deliveries().install("greeter")


async def test_a_recalled_version_is_served_no_more(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    ways = bazaar.deliveries()
    await ways.install("greeter")
    async with chat_with(bazaar.folder) as chat:
        await chat.says("/version")
        assert await chat.hears() == "1.0.0"
        await chat.finished()
        bazaar.publish(Recall("greeter", "<1.1", "it leaks"))
        assert [row.act for row in await ways.sync(dry_run=False)] == ["keep", "recall"]
        (row,) = await chat.host.office.reload("greeter")
        assert (row.old, row.new, "it leaks" in row.error) == ("1.0.0", "", True)
        (plugin,) = [each for each in chat.host.office.rows() if each.id == "greeter"]
        assert [(each.version, each.state) for each in plugin.versions] == [("1.0.0", "recalled")]
        assert [each.version for each in discover(bazaar.folder).unsound] == ["1.0.0"]
        bazaar.offer("1.1.0")
        bazaar.publish()
        assert [row.act for row in await ways.sync(dry_run=False)] == ["update"]
        await chat.host.office.reload("greeter")
        await chat.says("/version")
        assert await chat.hears() == "1.1.0"


async def test_recalls_are_followed_and_an_away_market_is_asked_again(bazaar: Bazaar, shop: Index) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    await bazaar.deliveries().install("greeter")
    bazaar.publish(Recall("greeter", "*", "it leaks"))
    clock, gone = FakeClock(), asyncio.Event()

    async def disable(plugin: str) -> None:
        assert plugin == "greeter"
        gone.set()

    bazaar.road.closed = True
    async with asyncio.TaskGroup() as group:
        following = group.create_task(bazaar.deliveries(shop.files, clock=clock).follow_recalls(disable))
        async with asyncio.timeout(10):
            while not bazaar.road.taken:
                await asyncio.sleep(0)
        assert not gone.is_set()
        bazaar.road.closed = False
        await clock.advance(deliveries.RECALLS_S)
        async with asyncio.timeout(10):
            await gone.wait()
        following.cancel()
    assert discover(bazaar.folder).versions == {}


async def test_a_plugin_that_comes_with_kagami_needs_no_signature(
    bazaar: Bazaar, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "extra").mkdir()
    bazaar.source(plugin="reminder").rename(tmp_path / "extra" / "reminder")
    monkeypatch.setattr(deliveries, "EXTRA", tmp_path / "extra")
    assert (await bazaar.deliveries().install("reminder")).id == "reminder"
    assert installed(bazaar.folder).keys() == {("reminder", "1.0.0")}


async def test_a_folder_of_ones_own_needs_a_signature(bazaar: Bazaar) -> None:
    with pytest.raises(PackageRefused, match="--unsigned"):
        await bazaar.deliveries().install(str(bazaar.source()))
    assert (await bazaar.deliveries(unsigned=True).install(str(bazaar.source()))).signer == ""


async def test_whoever_does_not_agree_installs_nothing(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0", permissions=["delete"])
    bazaar.publish()
    shown: list[Installed] = []

    async def agree(seen: Installed) -> None:
        shown.append(seen)
        raise Refused(reason="no")

    with pytest.raises(Refused, match="no"):
        await bazaar.deliveries(agree=agree).install("greeter")
    assert [each.permissions for each in shown] == [("delete",)]
    assert bazaar.versions() == []


async def test_an_id_that_looks_like_one_of_the_market_is_told(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    await bazaar.deliveries().look_up()
    done = await bazaar.deliveries(unsigned=True).install(str(bazaar.source(plugin="greeetr")))
    assert done.warnings == ("its id looks like greeter, which is another plugin",)


@pytest.mark.parametrize("source", ["~nobody-here/x.kpk", "nowhere/x", "ftp://h/x.kpk"])
async def test_what_is_nowhere_is_refused(bazaar: Bazaar, source: str) -> None:
    with pytest.raises(PackageRefused):
        await bazaar.deliveries().install(source)


async def test_an_unknown_name_is_not_in_the_market(bazaar: Bazaar) -> None:
    bazaar.publish()
    with pytest.raises(NotFound, match="plugin in the market named nothing"):
        await bazaar.deliveries().install("nothing")


async def test_an_index_that_is_too_large_is_not_read(bazaar: Bazaar, shop: Index) -> None:
    (bazaar.stand / FILE).write_bytes(b" " * (9 << 20))
    with pytest.raises(PackageRefused, match="8 MiB"):
        await bazaar.deliveries(shop.files).look_up()


def test_the_hosts_of_the_market_are_the_operators_own(bazaar: Bazaar) -> None:
    config = bazaar.config("http://10.0.0.1:8080/m", mirror="https://mirror.lan")
    assert hosts(config) == ("10.0.0.1", "mirror.lan")
    assert hosts(bazaar.config()) == ()


async def test_an_update_that_another_trusted_key_has_signed_waits_for_a_person(bazaar: Bazaar, tmp_path: Path) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    other = make_key(tmp_path / "other.key")
    config = msgspec.structs.replace(bazaar.config(), trust=(bazaar.author, other))
    ways = Deliveries(bazaar.folder, config, bazaar.road)
    await ways.install("greeter")
    bazaar.offer("1.1.0", key=tmp_path / "other.key")
    bazaar.publish()
    (row,) = await ways.sync(dry_run=False)
    assert "has signed it until now" in row.error
    assert bazaar.versions() == ["1.0.0"]
    assert (await ways.install("greeter")).version == "1.1.0"


async def test_a_version_that_the_market_has_not_names_those_it_has(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish()
    with pytest.raises(NotFound, match=r"no version 9\.9\.9 of greeter\. There is: 1\.0\.0"):
        await bazaar.deliveries().install("greeter@9.9.9")


async def test_a_name_without_a_market_says_so(bazaar: Bazaar) -> None:
    config = msgspec.structs.replace(bazaar.config(), market=MarketConfig())
    ways = deliveries.Deliveries(bazaar.folder, config, bazaar.road)
    with pytest.raises(Refused, match=r"no such file or folder, and no market: set plugins\.market\.url"):
        await ways.install("greeter@1.0")


async def test_an_index_made_anew_takes_a_recall_back(bazaar: Bazaar) -> None:
    bazaar.offer("1.0.0")
    bazaar.publish(Recall("greeter", "*", "it leaks"))
    ways = bazaar.deliveries()
    await ways.sync(dry_run=False)
    assert read_recalls(bazaar.folder)
    (bazaar.stand / "index.json").unlink()
    bazaar.publish()
    await ways.sync(dry_run=False)
    assert read_recalls(bazaar.folder) == ()
