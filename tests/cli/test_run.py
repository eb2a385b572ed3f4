from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kagami.cli.main import Root
from kagami.cli.run import read


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("", {}),
        ("--home /h", {"--home": "/h"}),
        ("run", {}),
        ("--home /h run", {"--home": "/h"}),
        ("--home=/h run --log-format json", {"--home": "/h", "--log-format": "json"}),
        ("run --config /c --role worker", {"--config": "/c", "--role": "worker"}),
        ("--json --lang zh run --lang en", {"--json": "yes", "--lang": "en"}),
    ],
)
def test_a_line_that_opens_the_console_or_runs_an_engine_is_read(line: str, options: dict[str, str]) -> None:
    found = read(line.split(), {})
    assert found is not None
    assert (found.options, found.faceless) == (options, "run" in line.split())


@pytest.mark.parametrize(
    "line",
    [
        "health",
        "--read-only",
        "--role all",
        "run fast",
        "run run",
        "run --help",
        "run -h",
        "--version run",
        "run --role king",
        "--role all run",
        "run --role",
        "run --json=yes",
        "--lang fr run",
        "--home --json run",
        "run --home=",
        "run -- --json",
    ],
)
def test_what_is_wrong_or_asks_is_left_to_the_library(line: str) -> None:
    assert read(line.split(), {}) is None


def test_every_option_of_the_command_is_known_here() -> None:
    root = Root(str)
    command = root.commands["run"]
    flags = {flag for each in command.params for flag in each.opts if flag not in ("--help", "-h", "--version")}
    given = {"--role": "all", "--log-format": "text", "--lang": "en"}
    lines = {flag: ["run", flag] if flag == "--json" else ["run", flag, given.get(flag, "x")] for flag in flags}
    assert [flag for flag, line in lines.items() if read(line, {}) is None] == []
    assert flags >= {"--home", "--json", "--role"}


def test_an_error_of_the_start_is_told_as_ever(tmp_path: Path) -> None:
    (tmp_path / "kagami.toml").write_text("[gateway]\nport = -1\n")
    words = (sys.executable, "-m", "kagami", "--home", str(tmp_path), "run")
    done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr.startswith("kagami: ")) == (78, "", True)
