"""Values written into the configuration file."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kagami.edits import FileEdits, file_to_edit
from kagami.errors import ConfigUnreadable

FILE = """# my bots
admins = ["qq:1"]  # me

[plugins.settings.book]
# no more than a week
max_days = 7
greeting = "Hi"
"""


async def test_comments_and_order_stay(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(FILE)
    await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert path.read_text() == FILE.replace("max_days = 7", "max_days = 3")


async def test_a_table_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text("# mine\n")
    await FileEdits(path).set_plugin("com.example.book", {"cities": ["上海", 'a"b']})
    tree = tomllib.loads(path.read_text())
    assert tree["plugins"]["settings"]["com.example.book"] == {"cities": ["上海", 'a"b']}


async def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert path.stat().st_mode & 0o777 == 0o600


async def test_none_removes_a_key(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(FILE)
    await FileEdits(path).set_plugin("book", {"greeting": None, "other": None})
    assert tomllib.loads(path.read_text())["plugins"]["settings"]["book"] == {"max_days": 7}


async def test_json_is_edited_as_json(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"language": "zh"}')
    await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert json.loads(path.read_text()) == {"language": "zh", "plugins": {"settings": {"book": {"max_days": 3}}}}


async def test_a_broken_file_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text("a = [")
    with pytest.raises(ConfigUnreadable):
        await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert path.read_text() == "a = ["


async def test_no_draft_stays(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert [each.name for each in tmp_path.iterdir()] == ["kagami.toml"]  # noqa: ASYNC240


def test_the_named_file_comes_before_those_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert file_to_edit(tmp_path, tmp_path / "x.toml") == tmp_path / "x.toml"
    assert file_to_edit(tmp_path, None) == tmp_path / "config.json"


async def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles.toml", tmp_path / "kagami.toml"
    real.write_text(FILE)
    path.symlink_to(real)
    await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert path.is_symlink()
    assert real.read_text() == FILE.replace("max_days = 7", "max_days = 3")


def test_the_file_is_utf_8_whatever_the_locale_says(tmp_path: Path) -> None:
    code = "import asyncio, pathlib, sys; from kagami.edits import FileEdits; "
    code += "asyncio.run(FileEdits(pathlib.Path(sys.argv[1])).set_plugin('book', {'greeting': '\\u4f60'}))"
    latin = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    path = tmp_path / "kagami.toml"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=latin, timeout=30)
    assert tomllib.loads(path.read_text("utf-8"))["plugins"]["settings"]["book"] == {"greeting": "你"}


async def test_line_ends_and_the_mode_stay(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_bytes(FILE.replace("\n", "\r\n").encode())
    path.chmod(0o664)
    await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert path.read_bytes() == FILE.replace("max_days = 7", "max_days = 3").replace("\n", "\r\n").encode()
    assert path.stat().st_mode & 0o777 == 0o664


async def test_a_write_that_fails_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(FILE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kagami.edits.os.fsync", full)
    with pytest.raises(ConfigUnreadable, match="No space"):
        await FileEdits(path).set_plugin("book", {"max_days": 3})
    assert path.read_text() == FILE
    assert not list(tmp_path.glob(".*"))  # noqa: ASYNC240
