"""What the operating system says of a child: cores, memory, processor time."""

from __future__ import annotations

import os
import platform
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

MEBIBYTE = 1024 * 1024


def cores() -> tuple[set[int], set[int]]:
    """The load's core, and the measured process's: all of them, as a user's machine gives them."""
    everything = os.sched_getaffinity(0)
    return {min(everything)}, everything


@contextmanager
def on(wanted: set[int]) -> Iterator[None]:
    """Run on these cores; a child started meanwhile stays on them."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(pid: int) -> list[psutil.Process]:
    head = psutil.Process(pid)
    return [head, *head.children(recursive=True)]


def memory_mib(pid: int) -> float:
    """Proportional set size of a process and its children, in MiB."""
    return float(sum(each.memory_full_info().pss for each in family(pid))) / MEBIBYTE


def processor_s(pid: int) -> float:
    """Seconds of processor time that a process and its children have used."""
    times = [each.cpu_times() for each in family(pid)]
    return float(sum(each.user + each.system for each in times))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def describe() -> dict[str, str | int]:
    model = next(
        (line.partition(": ")[2] for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        "?",
    )
    return {
        "cpu": model,
        "cores": os.cpu_count() or 1,
        "python": platform.python_version(),
        "system": platform.platform(terse=True),
        "memory_mib": int(psutil.virtual_memory().total / MEBIBYTE),
    }
