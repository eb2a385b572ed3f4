from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kagami.plugins.process.watch import MIB, Use, Watch, problem_of, size_of

FAMILY = """
import subprocess, sys
code = "input()"
inner = [subprocess.Popen([sys.executable, "-S", "-c", code], start_new_session=apart) for apart in (False, True)]
print("up", flush=True)
input()
"""


@pytest.fixture
def family() -> Iterator[subprocess.Popen[bytes]]:
    """A process with two children, one of which has left its group."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def test_the_whole_family_is_counted(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    use = Watch(family.pid, tmp_path).look()
    assert len(use.pids) == 3
    assert use.memory > 3 * MIB


def test_the_whole_family_is_ended_even_when_its_head_is_gone(family: subprocess.Popen[bytes], tmp_path: Path) -> None:
    watch = Watch(family.pid, tmp_path)
    pids = watch.look().pids
    os.kill(family.pid, 9)
    family.wait()
    watch.kill()
    deadline = time.monotonic() + 10
    while any(_runs(pid) for pid in pids):
        assert time.monotonic() < deadline


def _runs(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def test_a_process_that_is_gone_uses_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""], start_new_session=True) as process:
        process.wait()
    watch = Watch(process.pid, tmp_path)
    assert watch.look().pids == ()
    watch.kill()


def test_files_count_with_what_they_take_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "big").write_bytes(bytes(2 * MIB))
    (tmp_path / "loop").symlink_to(tmp_path)
    assert 2 * MIB <= size_of(tmp_path) < 3 * MIB


def test_a_folder_that_is_gone_takes_nothing(tmp_path: Path) -> None:
    assert size_of(tmp_path / "nothing") == 0


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        (Use(MIB, (1, 2), MIB), ""),
        (Use(6 * MIB, (1,), 0), "it uses 6 MB of memory, and 5 are allowed"),
        (Use(0, (1, 2, 3), 0), "it has 3 processes, and 2 are allowed"),
        (Use(0, (1,), 8 * MIB), "it keeps 8 MB of files, and 7 are allowed"),
    ],
)
def test_the_limit_that_is_passed_is_named(use: Use, problem: str) -> None:
    assert problem_of(use, memory_mb=5, processes=2, disk_mb=7) == problem
