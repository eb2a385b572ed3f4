from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from kagami.plugins.process.watch import MIB, Leash, Use, Watch, problem_of, size_of

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
    assert 2 * MIB <= size_of(tmp_path)[0] < 3 * MIB


def test_a_folder_that_is_gone_takes_nothing(tmp_path: Path) -> None:
    assert size_of(tmp_path / "nothing") == (0, 0)


def test_a_file_that_is_open_and_has_no_name_counts(tmp_path: Path) -> None:
    code = """
import os, sys
for fd in (os.open("big", os.O_RDWR | os.O_CREAT), os.memfd_create("big")):
    os.write(fd, bytes(2 << 20))
os.unlink("big")
print("up", flush=True)
input()
"""
    argv = [sys.executable, "-S", "-c", code]
    with subprocess.Popen(
        argv, cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 4 * MIB <= Watch(process.pid, tmp_path).look().disk < 5 * MIB
        process.kill()


HELD = """
import os, subprocess, sys
from kagami.plugins.process.watch import Leash
child = subprocess.Popen([sys.executable, "-S", "-c", "import os, time; os.fork(); print(); time.sleep(600)"],
                         start_new_session=True)
leash = Leash(child.pid)
input()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there the kernel does it")
def test_a_group_on_a_leash_ends_with_its_holder_even_when_that_is_killed() -> None:
    # The pipe ends when the last process that holds it is gone.
    ended, alive = os.pipe()
    with subprocess.Popen([sys.executable, "-c", HELD], stdin=subprocess.PIPE, stdout=alive) as holder:
        os.close(alive)
        heard = b""
        while heard.count(b"\n") < 2:
            heard += os.read(ended, 2)
        holder.kill()
        assert os.read(ended, 1) == b""
    os.close(ended)


def test_a_group_that_was_let_go_lives_on() -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], start_new_session=True, stdin=-1) as process:
        Leash(process.pid).let_go()
        assert process.poll() is None
        process.kill()


@pytest.mark.parametrize(
    ("use", "problem"),
    [
        (Use(MIB, (1, 2), MIB), ""),
        (Use(6 * MIB, (1,), 0), "it uses 6 MB of memory, and 5 are allowed"),
        (Use(0, (1, 2, 3), 0), "it has 3 processes, and 2 are allowed"),
        (Use(0, (1,), 8 * MIB), "it keeps 8 MB of files, and 7 are allowed"),
        (Use(0, (1,), 0, 20_000), "it keeps more files than anybody can count: 20000 are allowed"),
    ],
)
def test_the_limit_that_is_passed_is_named(use: Use, problem: str) -> None:
    assert problem_of(use, memory_mb=5, processes=2, disk_mb=7) == problem
