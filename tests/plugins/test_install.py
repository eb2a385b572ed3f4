from __future__ import annotations

import asyncio
import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kagami.errors import NotFound, PackageRefused
from kagami.plugins.install import install
from kagami.plugins.package import Progress, pack
from kagami.plugins.records import RECORDS, installed, verify
from kagami.plugins.signing import fingerprint, make_key
from kagami.plugins.versions import discover
from kagami.ports import Installed
from tests.plugins.index import serving

Write = Callable[..., Path]
Fetched = Callable[[int, int], None]


class Desk:
    """A plugins' folder, an author with a key, and all that was told on the way."""

    def __init__(self, room: Path) -> None:
        self.folder = room / "plugins"
        self.key = room / "key"
        self.public = make_key(self.key)
        self.steps: list[Progress] = []
        self._room = room

    def author(self, version: str = "1.0.0", plugin: str = "greeter", *, code: str = "plugin = 1", **keys: Any) -> Path:
        """The source folder of a plugin."""
        source = self._room / "source" / f"{plugin}-{version}-{len(list(self._room.glob('source/*')))}"
        source.mkdir(parents=True)
        (source / "main.py").write_text(code)
        (source / "plugin.json").write_text(
            json.dumps({"id": plugin, "version": version, "entry": "main:plugin"} | keys)
        )
        return source

    def packed(self, version: str = "1.0.0", plugin: str = "greeter", *, key: Path | None = None, **more: Any) -> Path:
        source = self.author(version, plugin, **more)
        return pack(source, source.with_name(f"{source.name}-packed"), key or self.key)

    async def install(self, source: str | Path, **more: Any) -> Installed:
        given: dict[str, Any] = {"trust": [self.public], "fetch": self.fetch, "progress": self.steps.append} | more
        return await install(source, folder=self.folder, **given)

    async def fetch(self, url: str, target: Path, progress: Fetched) -> None:
        raise NotFound(what="address", name=url)

    def left(self) -> list[str]:
        """What stands in the plugins' folder beside the records."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.glob("[!.]*/*")) + [
            path.name for path in self.folder.glob(".*") if path.name != RECORDS
        ]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


async def test_a_package_becomes_a_version(desk: Desk) -> None:
    done = await desk.install(desk.packed(permissions=["store"]))
    assert (done.id, done.version, done.permissions) == ("greeter", "1.0.0", ("store",))
    assert done.signer == fingerprint(desk.public)
    assert desk.left() == ["greeter/1.0.0"]
    assert [each.manifest.version for each in discover(desk.folder).versions["greeter"]] == ["1.0.0"]


async def test_an_install_is_recorded_and_can_be_verified(desk: Desk) -> None:
    done = await desk.install(desk.packed())
    assert installed(desk.folder) == {("greeter", "1.0.0"): done}
    verify(desk.folder, "greeter", "1.0.0")


async def test_a_version_is_read_only(desk: Desk) -> None:
    source = desk.author()
    (source / "lib").mkdir()
    (source / "lib" / "tool").write_text("#!/bin/sh")
    (source / "lib" / "tool").chmod(0o755)
    await desk.install(source, unsigned=True)
    place = desk.folder / "greeter" / "1.0.0"
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (place, *place.rglob("*"))}
    assert modes == {"1.0.0": 0o555, "lib": 0o555, "tool": 0o555, "main.py": 0o444, "plugin.json": 0o444}


async def test_every_step_is_told(desk: Desk) -> None:
    await desk.install(desk.packed())
    assert [step.step for step in desk.steps] == ["Unpacking", "Checking", "Installing"]


async def test_the_same_version_again_changes_nothing(desk: Desk) -> None:
    package = desk.packed()
    first = await desk.install(package)
    again = await desk.install(package)
    assert again.warnings == ("1.0.0 is installed already",)
    assert (again.digest, again.at_ms) == (first.digest, first.at_ms)
    assert desk.left() == ["greeter/1.0.0"]


async def test_a_version_never_changes_its_content(desk: Desk) -> None:
    await desk.install(desk.packed())
    with pytest.raises(PackageRefused, match=r"1\.0\.0 is installed already and differs: raise the version"):
        await desk.install(desk.packed(code="plugin = 2"))
    assert (desk.folder / "greeter" / "1.0.0" / "main.py").read_text() == "plugin = 1"
    assert desk.left() == ["greeter/1.0.0"]


async def test_a_version_put_there_by_hand_gets_its_record(desk: Desk) -> None:
    package = desk.packed()
    await desk.install(package)
    (desk.folder / RECORDS / "greeter@1.0.0.json").unlink()
    await desk.install(package)
    assert list(installed(desk.folder)) == [("greeter", "1.0.0")]


async def test_a_downgrade_is_told(desk: Desk) -> None:
    for version in ("1.10.0", "1.9.0"):
        await desk.install(desk.packed(version))
    done = await desk.install(desk.packed("1.2.0"))
    assert done.warnings == ("1.10.0 is installed, which is newer",)


async def test_an_upgrade_tells_nothing(desk: Desk) -> None:
    await desk.install(desk.packed("1.0.0"))
    assert (await desk.install(desk.packed("1.1.0"))).warnings == ()


async def test_another_signer_is_told(desk: Desk, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other")
    first = await desk.install(desk.packed("1.0.0"))
    done = await desk.install(desk.packed("1.1.0", key=tmp_path / "other"), trust=[desk.public, other])
    assert done.warnings == (f"1.0.0 was signed by {first.signer}, this by {fingerprint(other)}",)


@pytest.mark.parametrize("known", ["greeters", "grater", "Greeter2"])
async def test_an_id_that_looks_like_another_is_told(desk: Desk, known: str) -> None:
    done = await desk.install(desk.packed(), known=[known, "weather"])
    assert done.warnings == (f"its id looks like {known}, which is another plugin",)


async def test_an_id_that_is_installed_is_no_likeness(desk: Desk) -> None:
    await desk.install(desk.packed("1.0.0", "weather"))
    assert (await desk.install(desk.packed(), known=["greeter"])).warnings == ()


@pytest.mark.parametrize(
    ("plugin", "version", "reason"),
    [
        ("Greeter", "1.0.0", "capital letters only"),
        ("greeter", "1.0.0+build", "counts as the same version"),
        ("kagami", "1.0.0", "not a name"),
        ("con", "1.0.0", "device on Windows"),
    ],
)
async def test_what_cannot_stand_beside_the_others_is_refused(
    desk: Desk, plugin: str, version: str, reason: str
) -> None:
    await desk.install(desk.packed())
    with pytest.raises(PackageRefused, match=reason):
        await desk.install(desk.packed(version, plugin))
    assert desk.left() == ["greeter/1.0.0"]


async def test_a_plugin_that_the_operator_writes_is_left_alone(desk: Desk) -> None:
    own = desk.folder / "greeter"
    own.mkdir(parents=True)
    (own / "plugin.json").write_text(json.dumps({"id": "greeter", "version": "0.1.0", "entry": "main:plugin"}))
    with pytest.raises(PackageRefused, match="move it away first"):
        await desk.install(desk.packed())
    assert [path.name for path in own.iterdir()] == ["plugin.json"]


async def test_a_link_in_the_plugins_folder_is_not_followed(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    desk.folder.mkdir()
    (desk.folder / "greeter").symlink_to(tmp_path / "outside")
    with pytest.raises(PackageRefused, match="move it away first"):
        await desk.install(desk.packed())
    assert list((tmp_path / "outside").iterdir()) == []


async def test_a_package_of_a_stranger_is_refused(desk: Desk, tmp_path: Path) -> None:
    make_key(tmp_path / "other")
    with pytest.raises(PackageRefused, match="nobody in"):
        await desk.install(desk.packed(key=tmp_path / "other"))
    assert desk.left() == []


async def test_a_folder_is_installed_when_unsigned_ones_are_allowed(desk: Desk) -> None:
    source = desk.author()
    with pytest.raises(PackageRefused, match="--unsigned"):
        await desk.install(str(source))
    done = await desk.install(str(source), unsigned=True)
    assert (done.signer, done.source) == ("", str(source))


async def test_what_is_not_there_is_named(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(PackageRefused, match="no such file or folder"):
        await desk.install(tmp_path / "none.kpk")
    assert desk.left() == []


async def test_a_package_is_downloaded(desk: Desk) -> None:
    package = desk.packed()

    async def fetch(url: str, target: Path, progress: Fetched) -> None:
        shutil.copyfile(package, target)
        progress(10, 20)

    done = await desk.install("https://me:secret@plugins.example:8443/a%20b/greeter.kpk?token=x", fetch=fetch)
    assert done.source == "https://plugins.example:8443/a%20b/greeter.kpk"
    assert Progress("Downloading", 10, 20) in desk.steps


@pytest.mark.parametrize(("done", "total"), [(65 << 20, 0), (1, 65 << 20)])
async def test_a_download_without_end_is_ended(desk: Desk, done: int, total: int) -> None:
    async def fetch(url: str, target: Path, progress: Fetched) -> None:
        progress(done, total)
        raise AssertionError("it went on")

    with pytest.raises(PackageRefused, match="larger than 64 MiB"):
        await desk.install("http://plugins.example/greeter.kpk", fetch=fetch)
    assert desk.left() == []


async def test_only_http_is_fetched(desk: Desk) -> None:
    with pytest.raises(PackageRefused, match="only http and https"):
        await desk.install("file:///etc/passwd")


@pytest.mark.service
async def test_dependencies_come_into_the_version(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    with serving(tmp_path / "index") as index:
        index.add("leaf")
        done = await desk.install(desk.packed(dependencies=["leaf", "msgspec"]), index_url=index.url)
    assert done.dependencies == ("leaf==1.0",)
    leaf = desk.folder / "greeter" / "1.0.0" / ".deps" / "leaf.py"
    assert stat.S_IMODE(leaf.stat().st_mode) == 0o444
    verify(desk.folder, "greeter", "1.0.0")


async def test_a_conflict_with_kagami_leaves_nothing(desk: Desk) -> None:
    with pytest.raises(PackageRefused, match=r"greeter 1\.0\.0 is refused: it wants msgspec<0\.1, Kagami has"):
        await desk.install(desk.packed(dependencies=["msgspec<0.1"]))
    assert desk.left() == []


async def test_a_cancelled_install_leaves_nothing(desk: Desk) -> None:
    started = asyncio.Event()

    async def fetch(url: str, target: Path, progress: Fetched) -> None:
        started.set()
        await asyncio.Event().wait()

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        running = group.create_task(desk.install("https://plugins.example/greeter.kpk", fetch=fetch))
        await started.wait()
        running.cancel()
    assert desk.left() == []


@pytest.mark.service
async def test_an_install_that_is_cancelled_while_pip_runs_leaves_nothing(desk: Desk, tmp_path: Path) -> None:
    resolving = asyncio.Event()

    def told(step: Progress) -> None:
        if step.step == "Resolving dependencies":
            resolving.set()

    with serving(tmp_path / "index") as index:
        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            package = desk.packed(dependencies=["leaf"])
            running = group.create_task(desk.install(package, index_url=index.url, progress=told))
            await resolving.wait()
            running.cancel()
    assert running.cancelled()
    assert desk.left() == []


async def test_what_a_killed_install_left_is_swept(desk: Desk) -> None:
    stale = desk.folder / ".staging-old"
    (stale / "version").mkdir(parents=True)
    (stale / "version").chmod(0o555)
    os.utime(stale, (1, 1))
    await desk.install(desk.packed())
    assert desk.left() == ["greeter/1.0.0"]


async def test_of_two_installs_of_a_version_at_once_one_wins_and_the_other_does_no_harm(desk: Desk) -> None:
    packages = [desk.packed(code="plugin = 1"), desk.packed(code="plugin = 2")]
    done = await asyncio.gather(*(desk.install(each) for each in packages), return_exceptions=True)
    winner, loser = sorted(done, key=lambda each: isinstance(each, BaseException))
    assert isinstance(loser, PackageRefused)
    assert list(installed(desk.folder).values()) == [winner]
    verify(desk.folder, "greeter", "1.0.0")
    assert desk.left() == ["greeter/1.0.0"]
