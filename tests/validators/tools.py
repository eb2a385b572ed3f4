"""Programs that validate; each comes with `make check-deploy`, or is named with what installs it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
_FIXES = {"promtool": "apt-get install prometheus", "nginx": "apt-get install nginx-light"}


def find(name: str) -> str:
    """Where it is; the test fails by its name where it is not."""
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin")
    assert found, f"{name} is missing: {_FIXES.get(name, 'make check-deploy installs it')}"
    return found


def complaints(name: str, *words: str | Path, folder: Path = ROOT) -> str:
    """What a validator says of something that it does not take; nothing when it is content."""
    ended = subprocess.run(
        [find(name), *map(str, words)], cwd=folder, capture_output=True, text=True, check=False, timeout=100
    )
    return "" if ended.returncode == 0 else f"{ended.stdout}{ended.stderr}" or f"{name} ended with {ended.returncode}"


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text("utf-8"))


def shell_scripts() -> Iterator[Path]:
    for path in tracked():
        with path.open("rb") as file:
            first = file.readline()
        if first.startswith(b"#!") and first.rstrip().endswith((b"sh", b"bash")):
            yield path


def tracked() -> list[Path]:
    """Files of the project itself, none of those that were made or fetched."""
    git = shutil.which("git")
    assert git, "git is missing"
    listed = subprocess.run(
        [git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]
