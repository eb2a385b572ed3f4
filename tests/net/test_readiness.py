from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kagami.clock import SystemClock
from kagami.net.readiness import ReadyLine


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(5)
        yield listener


def test_the_manager_hears_what_is_said(manager: socket.socket) -> None:
    ReadyLine({"NOTIFY_SOCKET": manager.getsockname()}).say("READY=1")
    assert manager.recv(64) == b"READY=1"


def test_a_name_with_an_at_sign_is_abstract() -> None:
    name = f"kagami-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        listener.settimeout(5)
        ReadyLine({"NOTIFY_SOCKET": f"@{name}"}).say("STOPPING=1")
        assert listener.recv(64) == b"STOPPING=1"


@pytest.mark.parametrize("address", ["", "/nowhere/at/all"])
def test_without_a_manager_nothing_happens(address: str) -> None:
    ReadyLine({"NOTIFY_SOCKET": address}).say("READY=1")


async def test_it_beats_twice_within_the_wanted_interval(manager: socket.socket) -> None:
    line = ReadyLine({"NOTIFY_SOCKET": manager.getsockname(), "WATCHDOG_USEC": "20000"})
    async with asyncio.TaskGroup() as group:
        beating = group.create_task(line.beat(SystemClock()))
        heard = [await asyncio.to_thread(manager.recv, 64) for _ in range(2)]
        beating.cancel()
    assert heard == [b"WATCHDOG=1", b"WATCHDOG=1"]


@pytest.mark.parametrize("asked", [{}, {"WATCHDOG_USEC": "soon"}, {"WATCHDOG_USEC": "5000000", "WATCHDOG_PID": "1"}])
async def test_nobody_who_wants_to_know_gets_no_beat(manager: socket.socket, asked: dict[str, str]) -> None:
    line = ReadyLine({"NOTIFY_SOCKET": manager.getsockname()} | asked)
    await asyncio.wait_for(line.beat(SystemClock()), 5)
    assert line.interval_s == 0
