"""What a child and everything that it started use: memory, processes, disk. Blocking calls, made in a thread."""

from __future__ import annotations

import os
import signal
import stat
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil

if sys.platform == "linux":
    import fcntl

MIB = 1 << 20
# A child may make files faster than they can be counted.
MOST_FILES = 20_000


class Use(NamedTuple):
    """`pids` are the child's processes, those that left its group among them. `disk` has files without a name too."""

    memory: int
    pids: tuple[int, ...]
    disk: int
    files: int = 0


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
        disk, files = size_of(self._work)
        return Use(memory, tuple(self._seen), disk + _nameless(self._seen), files)

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


class Leash:
    """Ends a group of processes when this process ends, even by SIGKILL. For as long as it is held.

    A pipe tells its owner by a signal that its other end is gone (`O_ASYNC` in fcntl(2)). Here the group owns both
    ends, this process has both, and the signal is SIGKILL: when the kernel closes the one, the other speaks.
    """

    def __init__(self, group: int) -> None:
        self._ends = os.pipe()
        if sys.platform == "linux":
            with suppress(ProcessLookupError):  # it has ended already
                for end in self._ends:
                    fcntl.fcntl(end, fcntl.F_SETOWN, -group)
                    fcntl.fcntl(end, fcntl.F_SETSIG, signal.SIGKILL)
                    fcntl.fcntl(end, fcntl.F_SETFL, os.O_ASYNC)

    def let_go(self) -> None:
        """The group has ended; its number may soon be another's."""
        if sys.platform == "linux":
            for end in self._ends:
                fcntl.fcntl(end, fcntl.F_SETFL, 0)
        for end in self._ends:
            os.close(end)


def _nameless(pids: Iterable[int]) -> int:
    """Bytes of the files that processes hold open and that have no name any more, or never had one."""
    found: dict[tuple[int, int], int] = {}
    for pid in pids:
        with suppress(OSError), os.scandir(f"/proc/{pid}/fd") as entries:
            for entry in entries:
                with suppress(OSError):
                    kept = entry.stat()
                    if stat.S_ISREG(kept.st_mode) and not kept.st_nlink:
                        found[kept.st_dev, kept.st_ino] = kept.st_blocks * 512
    return sum(found.values())


def size_of(folder: Path) -> tuple[int, int]:
    """Bytes that the files of a folder take on the disk, and how many there are; links are not followed."""
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
    return total, count


def problem_of(use: Use, *, memory_mb: int, processes: int, disk_mb: int) -> str:
    """The limit that is passed, or nothing."""
    if use.memory > memory_mb * MIB:
        return f"it uses {use.memory // MIB} MB of memory, and {memory_mb} are allowed"
    if len(use.pids) > processes:
        return f"it has {len(use.pids)} processes, and {processes} are allowed"
    if use.disk > disk_mb * MIB:
        return f"it keeps {use.disk // MIB} MB of files, and {disk_mb} are allowed"
    if use.files >= MOST_FILES:
        return f"it keeps more files than anybody can count: {MOST_FILES} are allowed"
    return ""
