"""Values written into the configuration file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.edits import Edit, FileEdits, file_to_edit
from kagami.errors import ConfigUnreadable, ConfigUnwritable

FILE = """# my bots
admins = ["qq:1"]  # me

[plugins.settings.book]
# no more than a week
max_days = 7
greeting = "Hi"
"""
DAYS: tuple[str | int, ...] = ("plugins", "settings", "book", "max_days")


def change(path: Path, *edits: tuple[tuple[str | int, ...], Any]) -> None:
    file = FileEdits(path)
    file.write(file.edited(file.read(), [Edit(*each) for each in edits]))


def toml(text: str, *path: str | int, to: Any) -> str:
    return FileEdits(Path("x.toml")).edited(text.encode(), [Edit(path, to)]).decode()


def test_comments_and_order_stay(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(FILE)
    change(path, (DAYS, 3))
    assert path.read_text() == FILE.replace("max_days = 7", "max_days = 3")


def test_a_table_that_is_not_there_is_made() -> None:
    text = toml("# mine\n", "plugins", "settings", "com.example.book", "cities", to=["上海", 'a"b'])
    assert tomllib.loads(text)["plugins"]["settings"]["com.example.book"] == {"cities": ["上海", 'a"b']}


def test_a_file_that_is_not_there_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    change(path, (DAYS, 3))
    assert path.stat().st_mode & 0o777 == 0o600


def test_none_removes_a_key() -> None:
    text = toml(FILE, "plugins", "settings", "book", "greeting", to=None)
    assert tomllib.loads(text)["plugins"]["settings"]["book"] == {"max_days": 7}


def test_what_is_not_there_is_removed_without_a_trace() -> None:
    assert toml(FILE, "gateway", "port", to=None) == FILE


def test_json_is_edited_as_json(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{\n    "language": "zh"\n}')
    change(path, (DAYS, 3))
    assert json.loads(path.read_text()) == {"language": "zh", "plugins": {"settings": {"book": {"max_days": 3}}}}
    assert path.read_text().startswith('{\n    "language": "zh",\n')


@pytest.mark.parametrize("broken", [b"a = [", b"a = 1\na = 2", b"\xff", b"x = 1979-13-01"])
def test_a_broken_file_is_refused(broken: bytes) -> None:
    with pytest.raises(ConfigUnreadable):
        FileEdits(Path("x.toml")).edited(broken, [Edit(DAYS, 3)])


def test_a_new_key_stands_with_its_table_not_behind_the_comments_of_the_next() -> None:
    text = toml("[gateway]\nport = 1\n\n# about the log\n[log]\n", "gateway", "host", to="x")
    assert text == '[gateway]\nport = 1\nhost = "x"\n\n# about the log\n[log]\n'


def test_a_new_bot_stands_behind_the_others() -> None:
    text = toml('[[bots]]\nname = "a"  # first\n\n# about the log\n[log]\n', "bots", 1, to={"name": "b", "n": {"x": 1}})
    head = '[[bots]]\nname = "a"  # first\n\n[[bots]]\nname = "b"\nn = {x = 1}\n\n# about the log\n[log]\n'
    assert text == head


def test_a_bot_in_the_middle_is_removed_with_what_belongs_to_it() -> None:
    bots = ['[[bots]]\nname = "a"\n', '[[bots]]\nname = "b" # x\n[bots.pace]\nn = 1\n', '[[bots]]\nname = "c"\n']
    assert toml("".join(bots), "bots", 1, to=None) == bots[0] + bots[2]


def test_bots_that_are_written_in_one_line_get_another_one() -> None:
    text = toml('bots = [{name = "a"}]\n', "bots", 1, to={"name": "b"})
    assert tomllib.loads(text) == {"bots": [{"name": "a"}, {"name": "b"}]}


def test_the_comments_of_a_list_stay() -> None:
    text = toml('admins = [\n  "qq:1",  # me\n  "qq:2",\n]\n', "admins", to=["qq:1", "qq:3"])
    assert "# me" in text
    assert tomllib.loads(text) == {"admins": ["qq:1", "qq:3"]}


def test_dotted_keys_get_company() -> None:
    text = toml("gateway.port = 1 # x\n[log]\n", "gateway", "host", to="h")
    assert text == 'gateway.port = 1 # x\ngateway.host = "h"\n[log]\n'


def test_a_mark_at_the_beginning_and_line_ends_stay(tmp_path: Path) -> None:
    path, before = tmp_path / "kagami.toml", b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode()
    path.write_bytes(before)
    change(path, (DAYS, 3), (("gateway", "port"), 4))
    after = path.read_bytes()
    assert after.startswith(before.replace(b"= 7", b"= 3"))
    assert b"\n" not in after.replace(b"\r\n", b"")


def test_a_file_that_was_written_may_stay_a_groups_and_nobody_elses(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(FILE)
    path.chmod(0o664)
    change(path, (DAYS, 3))
    assert path.stat().st_mode & 0o777 == 0o660


NAMES = st.sampled_from(["host", "port", "a b", "键"])
SPACE = st.sampled_from(["", " ", "\t", "  "])
VALUES = st.one_of(st.integers(0, 9), st.sampled_from(["x", 'q"', "多"]), st.lists(st.integers(0, 3), max_size=3))


@st.composite
def documents(draw: st.DrawFn) -> str:
    """TOML with comments and spaces where nobody expects them."""
    lines = []
    for section in draw(st.lists(st.sampled_from(["gateway", "plugins", "plugins.http"]), unique=True)):
        lines += draw(st.lists(st.sampled_from(["", "# c", "   #"]), max_size=2))
        lines.append(f"{draw(SPACE)}[{draw(SPACE)}{section}{draw(SPACE)}]{draw(st.sampled_from(['', ' # t']))}")
        for name in draw(st.lists(NAMES, unique=True)):
            value = json.dumps(draw(VALUES), ensure_ascii=False)
            lines.append(
                f'{draw(SPACE)}"{name}"{draw(SPACE)}={draw(SPACE)}{value}{draw(st.sampled_from(["", " # c"]))}'
            )
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@given(documents(), st.sampled_from(["gateway", "plugins", "log"]), NAMES, st.none() | VALUES)
def test_only_what_is_meant_is_changed(text: str, section: str, name: str, value: Any) -> None:
    wanted = tomllib.loads(text)
    wanted.setdefault(section, {})
    wanted[section].pop(name, None)
    if value is not None:
        wanted[section][name] = value
    found = tomllib.loads(toml(text, section, name, to=value))
    found.setdefault(section, {})
    assert found == wanted


def test_the_named_file_comes_before_those_of_the_home(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert file_to_edit(tmp_path, tmp_path / "x.toml") == tmp_path / "x.toml"
    assert file_to_edit(tmp_path, None) == tmp_path / "config.json"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    real, path = tmp_path / "dotfiles.toml", tmp_path / "kagami.toml"
    real.write_text(FILE)
    path.symlink_to(real)
    change(path, (DAYS, 3))
    assert path.is_symlink()
    assert real.read_text() == FILE.replace("max_days = 7", "max_days = 3")


def test_the_file_is_utf_8_whatever_the_locale_says(tmp_path: Path) -> None:
    code = "import pathlib, sys; from kagami.edits import Edit, FileEdits; f = FileEdits(pathlib.Path(sys.argv[1])); "
    code += "f.write(f.edited(None, [Edit(('greeting',), '\\u4f60')]))"
    latin = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    path = tmp_path / "kagami.toml"
    subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=latin, timeout=30)
    assert tomllib.loads(path.read_text("utf-8")) == {"greeting": "你"}


def test_a_write_that_fails_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(FILE)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("kagami.edits.os.fsync", full)
    with pytest.raises(ConfigUnwritable, match="No space"):
        change(path, (DAYS, 3))
    assert path.read_text() == FILE
    assert not list(tmp_path.glob(".*"))


def test_the_draft_of_a_process_that_was_killed_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".kagami.toml.{dead.pid}").write_text("a secret")
    change(tmp_path / "kagami.toml", (DAYS, 3))
    assert [each.name for each in tmp_path.iterdir()] == ["kagami.toml"]


def test_none_is_no_file(tmp_path: Path) -> None:
    file = FileEdits(tmp_path / "kagami.toml")
    assert file.read() is None
    file.write(b"x")
    file.write(None)
    assert file.read() is None


WRITER = """
import pathlib, sys
from kagami.edits import FileEdits
file = FileEdits(pathlib.Path(sys.argv[1]))
print("ready", flush=True)
while True:
    for letter in b"ab":
        file.write(bytes([letter]) * 1_000_000)
"""


@pytest.mark.service
def test_a_kill_in_the_middle_of_a_write_leaves_the_old_file_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    for turn in range(4):
        child = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        with child.stdout:
            child.stdout.readline()
            while not path.exists():
                os.sched_yield()
            before = path.stat().st_ino
            while path.stat().st_ino == before and turn % 2:
                os.sched_yield()
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
        assert path.read_bytes() in (b"a" * 1_000_000, b"b" * 1_000_000)
