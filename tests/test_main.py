"""The entry point, as a process."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import kagami


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "kagami", *words], capture_output=True, text=True, check=False)


def test_the_version_is_told() -> None:
    assert run("--version").stdout == f"kagami {kagami.__version__}\n"


def test_a_wrong_line_has_its_code_and_no_traceback() -> None:
    done = run("dance")
    assert (done.returncode, done.stdout, "Traceback" in done.stderr) == (64, "", False)


def test_what_is_written_is_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    assert run("init", "--home", str(tmp_path / "home"), "--config", str(path)).returncode == 0
    written = [path, *(tmp_path / "home").rglob("*")]
    assert [each for each in written if stat.S_IMODE(each.stat().st_mode) & 0o077] == []
