"""What an engine of these tests adds to the machine, taken away: after a run, and before one if another was killed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address, ip_network
from pathlib import Path

from tests.deploy.system import run

FOLDERS = "kagami-docker-"
FOLDER = f"{FOLDERS}{os.getpid()}-"
# Every bridge of these tests has its address in here, and no engine gives it to others by itself: those take /16.
ADDRESSES = ip_network("172.31.128.0/17")
SWARM_BRIDGE = "docker_gwbridge"
# Of the packet filter: chains of an engine, its bridges, its addresses.
OURS = re.compile(r"DOCKER|kagami\d|docker_gwbridge|172\.(30|31)\.|-[io] br-")
FORWARD = re.compile(r":FORWARD \w+")
BRIDGES = re.compile(r"kagami\d+|br-[0-9a-f]{12}|docker_gwbridge")


@contextmanager
def machine_kept() -> Iterator[None]:
    """Clear what killed runs left, and afterwards the packet filter of what an engine added to it, unless another
    engine is here too.
    """
    clear()
    foreign = _is_any_engine_here()
    policy = FORWARD.findall(run("iptables-save"))
    try:
        yield
    finally:
        if not foreign:
            _clear_filter(policy)


def clear(room: Path | None = None) -> None:
    """Take away what runs have left that do not go on, found by their folders in `room`: that for temporary files."""
    folders = sorted((room or Path(tempfile.gettempdir())).glob(f"{FOLDERS}*"))
    dead = [each for each in folders if not _is_alive(each)]
    for folder in dead:
        _kill_all_of(folder)
        unmount(folder)
        shutil.rmtree(folder, ignore_errors=True)
    if len(dead) == len(folders):
        for bridge in _bridges():
            delete_link(bridge)
    if not _is_any_engine_here():
        _clear_filter(FORWARD.findall(run("iptables-save")))


def unmount(folder: Path) -> None:
    """Whatever is still mounted below, the deepest first; a network goes with its last mount."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in sorted((each for each in mounts if each.startswith(f"{folder}/")), reverse=True):
        run("umount", "--lazy", place, check=False)


def delete_link(name: str) -> None:
    run("ip", "link", "delete", name, check=False)


def _is_alive(folder: Path) -> bool:
    """Whether the run that made this folder goes on."""
    number = folder.name.removeprefix(FOLDERS).partition("-")[0]
    return number.isdecimal() and "pytest" in " ".join(_command(Path("/proc", number)))


def _is_any_engine_here() -> bool:
    return any(Path(_command(each)[0]).name == "dockerd" for each in _processes())


def _kill_all_of(folder: Path) -> None:
    """What watches containers names the folder; what runs in one has its root there."""
    for each in _processes():
        if str(folder) in " ".join(_command(each)) or str(folder) in _root(each):
            with suppress(ProcessLookupError):
                os.kill(int(each.name), signal.SIGKILL)


def _processes() -> list[Path]:
    return [each for each in Path("/proc").iterdir() if each.name.isdigit()]


def _command(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return [""]


def _root(process: Path) -> str:
    """What is mounted as a process' root."""
    try:
        lines = (process / "mountinfo").read_text().splitlines()
    except OSError:
        return ""
    return next((line for line in lines if line.split()[4] == "/"), "")


def _bridges() -> list[str]:
    return [
        str(link["ifname"])
        for link in json.loads(run("ip", "-json", "address"))
        if BRIDGES.fullmatch(link["ifname"])
        and any(ip_address(each["local"]) in ADDRESSES for each in link["addr_info"])
    ]


def _clear_filter(policy: list[str]) -> None:
    """An engine lets nothing through that it does not know: `policy` is what was there before."""
    rules = run("iptables-save")
    if "DOCKER" in rules:
        left = "\n".join(line for line in rules.splitlines() if not OURS.search(line))
        run("iptables-restore", given=FORWARD.sub(policy[0] if policy else ":FORWARD ACCEPT", left) + "\n")
