from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kagami.home import Home
from tests.cli.conftest import Say
from tests.cli.test_imports import HEAVY, ROOMS, loaded


def test_from_an_idea_to_another_home(say: Say, tmp_path: Path, home: Home) -> None:
    """new → check → test → pack → index → install, each by the command line alone."""
    source, stand, key = (str(tmp_path / name) for name in ("dice", "stand", "key"))
    assert say("plugin", "new", "dice", "--dir", source).code == 0
    assert say("plugin", "check", source).code == 0
    assert say("plugin", "test", source, "-q").code == 0
    public = say("plugin", "key", key).out.strip()
    assert say("plugin", "pack", source, "--key", key, "--to", stand).code == 0
    assert say("plugin", "index", stand, "--key", key).code == 0
    config = f'[plugins]\ntrust = ["{public}"]\nmarket = {{url = "{stand}", key = "{public}"}}\n'
    (home.path / "kagami.toml").write_text(config)
    assert say("plugin", "install", "dice", "--yes").code == 0
    (row,) = json.loads(say("plugin", "list", "--json").out)
    assert (row["id"], row["version"], row["permissions"]) == ("dice", "0.1.0", ["store"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["new"], "ID is missing. See: kagami plugin new --help"),
        (["check"], "PATH is missing. See: kagami plugin check --help"),
        (["test"], "PATH is missing. See: kagami plugin test --help"),
        (["pack"], "PATH is missing."),
        (["key"], "FILE is missing."),
        (["install"], "SOURCE is missing."),
        (["use"], "ID@VERSION is missing."),
        (["rollback"], "ID is missing."),
        (["remove", "--yes"], "ID@VERSION is missing."),
        (["instal"], "Did you mean install?"),
        (["install", "a", "b"], "kagami plugin install --help"),
        (["sync", "--dry"], "Did you mean --dry-run?"),
    ],
)
def test_a_wrong_line_names_the_fix(say: Say, words: list[str], message: str) -> None:
    said = say("plugin", *words)
    assert (said.code, said.out, message in said.err) == (64, "", True), said


def test_alone_it_shows_its_commands(say: Say) -> None:
    said = say("plugin")
    assert said.code == 64
    assert all(word in said.err for word in ("new", "check", "test", "pack", "install", "sync", "rollback"))


@pytest.mark.parametrize("words", [["--help"], ["install", "--help"]])
def test_its_help_loads_no_room(words: list[str]) -> None:
    assert loaded("plugin", *words) & (ROOMS | HEAVY) == set()


def test_an_error_is_json_where_that_is_asked(say: Say, tmp_path: Path) -> None:
    said = say("plugin", "pack", str(tmp_path), "--json")
    assert (said.code, said.err) == (1, "")
    assert json.loads(said.out)["error"]["code"] == "ManifestError"


@pytest.mark.service
def test_a_pipe_gets_no_control_sequence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kagami", "--home", str(tmp_path / "home"), "plugin", "install", "--yes"]
    said = subprocess.run([*command, "--unsigned", str(tmp_path)], capture_output=True, check=False, timeout=60)
    assert said.returncode == 64
    assert b"\x1b" not in said.stdout + said.stderr
    assert b"\r" not in said.stdout + said.stderr
