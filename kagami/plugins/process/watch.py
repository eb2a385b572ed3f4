"""What a child and everything that it started use: memory, processes, disk. Blocking calls, made in a thread."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

MIB = 1 << 20
# A child may make files faster than they can be counted.
MOST_FILES = 100_000


class Use(NamedTuple):
    """`pids` are the child's processes, those that left its group among them."""

    memory: int
    pids: tuple[int, ...]
    disk: int


class Watch:
    """Looks after the processes of one run. Whoever once was below the child is remembered, wherever it moved."""

    def __init__(self, pid: int, work: Path) -> None:
        self._pid = pid
        self._work = work
        self._seen: dict[int, psutil.Process] = {}

    def look(self) -> Use:
        """What is used now."""
        self._seen = {pid: each for pid, each in (self._seen | self._family()).items() if each.is_running()}
        memory = 0
        for each in self._seen.values():
            with suppress(psutil.Error):
                memory += each.memory_info().rss
        return Use(memory, tuple(self._seen), size_of(self._work))

    def kill(self) -> None:
        """End all of them at once."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, 9)
        for each in self._seen.values():
            with suppress(psutil.Error):
                each.kill()

    def _family(self) -> dict[int, psutil.Process]:
        """Members of the child's group, and its descendants in any group."""
        found: dict[int, psutil.Process] = {}
        for pid in psutil.pids():
            with suppress(ProcessLookupError, PermissionError, psutil.Error):
                if os.getpgid(pid) == self._pid:
                    found[pid] = psutil.Process(pid)
        with suppress(psutil.Error):
            found |= {each.pid: each for each in psutil.Process(self._pid).children(recursive=True)}
        return found


def size_of(folder: Path) -> int:
    """Bytes that the files of a folder take on the disk; links are not followed."""
    total = count = 0
    left = [str(folder)]
    while left and count < MOST_FILES:
        with suppress(OSError), os.scandir(left.pop()) as entries:
            for entry in entries:
                count += 1
                with suppress(OSError):
                    total += entry.stat(follow_symlinks=False).st_blocks * 512
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
    return total


def problem_of(use: Use, *, memory_mb: int, processes: int, disk_mb: int) -> str:
    """The limit that is passed, or nothing."""
    if use.memory > memory_mb * MIB:
        return f"it uses {use.memory // MIB} MB of memory, and {memory_mb} are allowed"
    if len(use.pids) > processes:
        return f"it has {len(use.pids)} processes, and {processes} are allowed"
    if use.disk > disk_mb * MIB:
        return f"it keeps {use.disk // MIB} MB of files, and {disk_mb} are allowed"
    return ""
