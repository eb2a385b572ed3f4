"""One plugins' folder for several processes: what each brings, what each serves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from kagami.core.secrets import Secret
from kagami.plugins import parcels
from kagami.plugins.install import install
from kagami.plugins.parcels import ALONE, NOT_YET, ClusterStock
from kagami.plugins.records import installed
from kagami.plugins.stock import look
from kagami.plugins.versions import Shelf
from kagami.ports import NodeRow, NodeState, PackageRow, Role
from kagami.testing.clock import FakeClock

KEY = ("greeter", "1.0.0")


class House:
    """What the processes share. Implements `ports.Packages`, and the part of `ports.Nodes` that is read."""

    def __init__(self, room: Path) -> None:
        self.room = room
        self.kept: dict[tuple[str, str], PackageRow] = {}
        self.contents: dict[str, bytes] = {}
        self.stocks: dict[str, tuple[ClusterStock, Role]] = {}
        self.clock = FakeClock()

    def process(self, node: str, role: Role = "all", *, key: str = "s") -> ClusterStock:
        stock = ClusterStock(
            self.folder(node),
            self,
            Present(self),
            self.clock,
            secret=Secret(key),
            node=node,
            role=role,
            patience_s=15.0,
        )
        self.stocks[node] = (stock, role)
        return stock

    def folder(self, node: str) -> Path:
        return self.room / node

    def source(self, version: str = "1.0.0", code: str = "plugin = 1") -> Path:
        place = self.room / "source" / f"{version}-{len(code)}"
        place.mkdir(parents=True)
        (place / "plugin.json").write_text(json.dumps({"id": "greeter", "version": version, "entry": "main:plugin"}))
        (place / "main.py").write_text(code)
        return place

    async def install(self, node: str, version: str = "1.0.0", code: str = "plugin = 1") -> None:
        source = self.source(version, code)
        await install(
            source, folder=self.folder(node), trust=(), progress=lambda _: None, fetch=parcels._no_fetch,
            unsigned=True, clock=self.clock,
        )  # fmt: skip

    async def rows(self) -> list[PackageRow]:
        return list(self.kept.values())

    async def content(self, row: PackageRow) -> bytes:
        return self.contents[row.sha256]

    async def put(self, row: PackageRow, content: bytes) -> None:
        self.kept[row.plugin, row.version], self.contents[row.sha256] = row, content

    async def remove(self, row: PackageRow) -> None:
        self.kept[row.plugin, row.version] = row


class Present:
    """Implements `ports.Nodes` as far as it is read here."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def rows(self) -> list[NodeRow]:
        return [
            NodeRow(node, role, number, 0.0, NodeState(plugins=stock.inventory))
            for number, (node, (stock, role)) in enumerate(self._house.stocks.items())
        ]

    async def join(self, node: str, role: Role, seconds: float, former: int = -1) -> int:
        raise NotImplementedError

    async def beat(self, node: str, slot: int, state: NodeState) -> bool:
        raise NotImplementedError

    async def leave(self, node: str) -> None:
        raise NotImplementedError

    async def wall_ms(self) -> int:
        return self._house.clock.wall_ms()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


async def seen(house: House, node: str) -> Shelf:
    return await look(house.stocks[node][0], house.folder(node))


def reasons(shelf: Shelf) -> list[str]:
    return [each.error for each in shelf.unsound]


async def test_what_one_installed_another_brings_with_its_record(house: House) -> None:
    one, two = house.process("one"), house.process("two")
    await house.install("one")
    await one.agree()
    await two.agree()
    assert installed(house.folder("two")) == installed(house.folder("one"))
    assert two.inventory == one.inventory


async def test_a_new_version_waits_until_most_have_it(house: House) -> None:
    house.process("one")
    two = house.process("two")
    await two.agree()
    await house.install("one")
    shelf = await seen(house, "one")
    assert (shelf.versions, reasons(shelf)) == ({}, [NOT_YET])
    assert house.stocks["one"][0].awaits(*KEY)
    await two.agree()
    assert (await seen(house, "one")).versions.keys() == {"greeter"}
    assert not house.stocks["one"][0].awaits(*KEY)


async def test_what_serves_already_goes_on_beside_one_who_cannot_have_it(house: House) -> None:
    one = house.process("one")
    await house.install("one")
    await one.agree()
    one.runs = lambda *key: key == KEY
    two = house.process("two")
    two.inventory = ()
    assert (await seen(house, "one")).versions.keys() == {"greeter"}


async def test_a_folder_that_somebody_put_here_serves_only_with_most(house: House) -> None:
    one = house.process("one")
    two = house.process("two")
    house.source().rename(make(house.folder("one") / "greeter" / "1.0.0"))
    await two.agree()
    one.runs = lambda *_: True
    assert reasons(await seen(house, "one")) == [ALONE]
    assert (house.kept, two.inventory) == ({}, ())
    house.source().rename(make(house.folder("two") / "greeter" / "1.0.0"))
    await two.agree()
    assert (await seen(house, "one")).versions.keys() == {"greeter"}


async def test_a_gateway_does_not_count(house: House) -> None:
    house.process("one", "worker")
    gate = house.process("gate", "gateway")
    await gate.agree()
    house.source().rename(make(house.folder("one") / "greeter" / "1.0.0"))
    assert (await seen(house, "one")).versions.keys() == {"greeter"}


async def test_what_was_removed_elsewhere_ends_here_before_it_goes(house: House) -> None:
    one, two = house.process("one"), house.process("two")
    await house.install("one")
    await one.agree()
    await two.agree()
    await one.withdraw(*KEY)
    two.runs = lambda *_: True
    assert (await seen(house, "two")).versions == {}
    assert KEY in installed(house.folder("two"))
    two.runs = lambda *_: False
    await two.agree()
    assert installed(house.folder("two")) == {}


async def test_what_is_installed_again_after_its_removal_is_everybodys_again(house: House) -> None:
    one, two = house.process("one"), house.process("two")
    await house.install("one")
    await one.agree()
    await one.withdraw(*KEY)
    await one.agree()
    await house.clock.advance(1.0)
    await house.install("one", code="plugin = 22")
    await one.agree()
    await two.agree()
    assert KEY in installed(house.folder("two"))


async def test_two_contents_of_one_version_do_not_both_serve(house: House) -> None:
    one = house.process("one")
    house.process("two")
    await house.install("one")
    await one.agree()
    await house.install("two", code="plugin = 22")
    assert "another content" in reasons(await seen(house, "two"))[0]


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda house: house.contents.update(dict.fromkeys(house.contents, b"PK")), "damaged"),
        (lambda house: house.kept.update({KEY: house.kept[KEY]._replace(record="{}")}), "from outside"),
    ],
)
async def test_what_is_not_sound_is_refused(house: House, harm: Callable[[House], None], told: str) -> None:
    await house.install("one")
    await house.process("one").agree()
    harm(house)
    house.process("two")
    shelf = await seen(house, "two")
    assert (shelf.versions, told in reasons(shelf)[0]) == ({}, True)


async def test_a_process_with_another_secret_is_believed_nothing(house: House) -> None:
    await house.install("one")
    await house.process("one").agree()
    house.process("two", key="other")
    assert "cluster.secret" in reasons(await seen(house, "two"))[0]


async def test_a_version_whose_files_were_changed_is_not_given_to_others(house: House) -> None:
    one = house.process("one")
    await house.install("one")
    file = house.folder("one") / "greeter" / "1.0.0" / "main.py"
    file.chmod(0o600)
    file.write_text("plugin = 666")
    await one.agree()
    assert house.kept == {}


async def test_who_installs_hears_who_does_not_have_it(house: House) -> None:
    one, two = house.process("one"), house.process("two")
    two.inventory = ()
    await house.install("one")
    async with asyncio.TaskGroup() as group:
        spread = group.create_task(one.spread(*KEY))
        while not spread.done():
            await house.clock.advance(1.0)
    assert spread.result().startswith("two could not")


async def test_what_changes_at_others_is_followed_and_what_fails_is_told_once(house: House) -> None:
    one, two = house.process("one"), house.process("two")
    told: list[tuple[str, str, str]] = []
    followed = asyncio.Event()

    async def follow() -> None:
        await two.agree()
        followed.set()

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        running = group.create_task(two.run(follow, lambda *each: told.append(each)))
        await followed.wait()
        await house.install("one")
        await one.agree()
        house.contents = dict.fromkeys(house.contents, b"PK")
        while len(told) < 1 or house.clock.monotonic() < 100:
            await house.clock.advance(1.0)
        running.cancel()
    assert [each[:2] for each in told] == [KEY]


def make(place: Path) -> Path:
    place.parent.mkdir(parents=True)
    return place


async def test_a_row_that_was_forged_takes_nothing_from_who_has_the_version(house: House) -> None:
    one = house.process("one")
    await house.install("one")
    await one.agree()
    house.kept[KEY] = house.kept[KEY]._replace(removed_ms=1 << 50)
    assert (await seen(house, "one")).versions.keys() == {"greeter"}
    assert not house.kept[KEY].removed_ms


async def test_an_old_row_brings_nothing_back_that_was_removed(house: House) -> None:
    one, two = house.process("one"), house.process("two")
    await house.install("one")
    await one.agree()
    old = house.kept[KEY]
    await house.clock.advance(1.0)
    await one.withdraw(*KEY)
    for stock in (one, two):
        await stock.agree()
    assert KEY not in installed(house.folder("one"))
    house.kept[KEY] = old
    for node in ("one", "two"):
        assert "older" in reasons(await seen(house, node))[0]
        assert KEY not in installed(house.folder(node))
    house.process("two")  # begun anew
    assert "older" in reasons(await seen(house, "two"))[0]


async def test_an_old_row_is_mended_by_who_has_the_newer(house: House) -> None:
    one = house.process("one")
    await house.install("one")
    await one.agree()
    old = house.kept[KEY]
    await house.clock.advance(1.0)
    await one.withdraw(*KEY)
    await one.agree()
    await house.clock.advance(1.0)
    await house.install("one", code="plugin = 22")
    await one.agree()
    newer, house.kept[KEY] = house.kept[KEY], old
    assert (await seen(house, "one")).versions.keys() == {"greeter"}
    assert house.kept[KEY].sha256 == newer.sha256
