"""A run that was killed leaves bridges, mounts and processes: the next one is not to stumble over them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from tests.deploy import leftovers
from tests.deploy.system import found, run

pytestmark = pytest.mark.service

GONE = 2**22 + 1  # above the highest number that a process may have
BRIDGE = "kagami99999999"


@pytest.fixture
def left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What a killed run left: a folder with a mount, and a bridge, on addresses that no other run has."""
    monkeypatch.setattr(leftovers, "ADDRESSES", ip_network("172.31.127.0/26"))
    folder = tmp_path / f"{leftovers.FOLDERS}{GONE}-x"
    (folder / "root").mkdir(parents=True)
    run("mount", "-t", "tmpfs", "tmpfs", str(folder / "root"))
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    run("ip", "address", "add", "172.31.127.1/26", "dev", BRIDGE)
    yield folder
    leftovers.unmount(folder)
    leftovers.delete_link(BRIDGE)


def test_what_a_killed_run_left_is_taken_away(left: Path) -> None:
    with subprocess.Popen([found("sh"), "-c", "read line", str(left)], stdin=subprocess.PIPE) as watcher:
        leftovers.clear(left.parent)
        assert watcher.wait(5) != 0
    assert not left.exists()
    assert not Path("/sys/class/net", BRIDGE).exists()


def test_what_a_run_has_that_goes_on_stays(left: Path) -> None:
    (left.parent / f"{leftovers.FOLDER}x").mkdir()
    leftovers.clear(left.parent)
    assert not left.exists()
    assert Path("/sys/class/net", BRIDGE).exists()
    assert (left.parent / f"{leftovers.FOLDER}x").exists()
