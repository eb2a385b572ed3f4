from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagami.cli.examine import look, smells
from kagami.cli.findings import Finding
from kagami.cli.options import Globals
from kagami.cli.skeleton import write_plugin
from kagami.home import Home

GOOD = "from kagami.plugins.api import Plugin\nplugin = Plugin()\n"


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    write_plugin("dice", tmp_path / "dice", str)
    return tmp_path / "dice"


def change(folder: Path, **keys: object) -> None:
    path = folder / "plugin.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | keys))


def found(folder: Path, home: Home) -> list[Finding]:
    return list(look(Globals(str, "en", {}, home=home.path), folder))


def bad(folder: Path, home: Home) -> list[Finding]:
    return [each for each in found(folder, home) if each.state == "bad"]


def test_a_new_plugin_is_sound(plugin: Path, home: Home) -> None:
    rows = found(plugin, home)
    assert {each.state for each in rows} == {"ok"}
    assert ("permissions", "store") in {(each.subject, each.text) for each in rows}
    assert "/dice [name]: Greet somebody: /dice Ada" in {each.text for each in rows}


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"version": "one"}, "version"),
        ({"api": "9"}, "plugin API"),
        ({"permissions": ["sudo"]}, "sudo"),
        ({"x": 1}, "x"),
    ],
)
def test_a_wrong_manifest_is_the_only_finding(plugin: Path, home: Home, keys: dict[str, object], words: str) -> None:
    change(plugin, **keys)
    (only,) = found(plugin, home)
    assert (only.state, words in only.text, "plugin.json" in only.fix) == ("bad", True, True)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("raise ValueError('\x1b[31m')", "ValueError"),
        ("import nowhere", "nowhere"),
        ("plugin = 1", "not a kagami.plugins.api.Plugin"),
        ("import sys; sys.exit(3)", "SystemExit"),
    ],
)
def test_an_import_that_fails_is_told(plugin: Path, home: Home, code: str, words: str) -> None:
    (plugin / "main.py").write_text(code)
    (only,) = bad(plugin, home)
    assert (only.subject, words in only.text) == ("entry", True)


def test_a_folder_that_is_not_there_is_said(tmp_path: Path, home: Home) -> None:
    (only,) = found(tmp_path / "nowhere", home)
    assert (only.text, "plugin new" in only.fix) == ("there is no such folder", True)


def test_a_word_that_is_missing_is_told(plugin: Path, home: Home) -> None:
    change(plugin, permissions=[])
    assert 'Add "store" to permissions.' in {each.fix for each in found(plugin, home)}


def test_an_import_that_ends_the_process_is_told(plugin: Path, home: Home) -> None:
    (plugin / "main.py").write_text("import os\nos.kill(os.getpid(), 9)")
    (only,) = bad(plugin, home)
    assert "exit code -9" in only.text


def test_what_cannot_be_packed_is_told(plugin: Path, home: Home) -> None:
    (plugin / "link").symlink_to("main.py")
    (only,) = bad(plugin, home)
    assert "link" in only.text


def test_a_command_of_another_plugin_is_a_conflict(plugin: Path, home: Home) -> None:
    (plugin / "main.py").write_text(GOOD + '@plugin.command("ECHO", summary="s")\nasync def echo(ctx): ...\n')
    (conflict,) = [each for each in found(plugin, home) if each.state == "warn"]
    assert conflict.text == "the command /ECHO belongs to echo"


def test_an_installed_plugin_has_its_commands(plugin: Path, home: Home) -> None:
    other = home.plugins / "craps" / "1.0.0"
    write_plugin("craps", other, str)
    (other / "main.py").write_text(GOOD + '@plugin.command("dice")\nasync def dice(ctx): ...\n')
    change(other, version="1.0.0")
    assert "the command /dice belongs to craps" in {each.text for each in found(plugin, home)}


def test_a_former_version_of_its_own_is_no_conflict(plugin: Path, home: Home) -> None:
    write_plugin("dice", home.plugins / "dice" / "0.1.0", str)
    assert {each.state for each in found(plugin, home)} == {"ok"}


@pytest.mark.parametrize(("entry", "state"), [(["sh", "x.sh"], "ok"), (["./run"], "ok"), (["no-such-program"], "bad")])
def test_a_program_has_to_be_there(plugin: Path, home: Home, entry: list[str], state: str) -> None:
    (plugin / "run").write_text("#!/bin/sh")
    change(plugin, runtime="process", entry=entry)
    assert [each.state for each in found(plugin, home) if each.subject == "entry"] == [state]


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("import asyncio\nasyncio.start_server(f)", "bad"),
        ("from aiohttp import web\nweb.TCPSite(r)", "bad"),
        ("import socketserver", "bad"),
        ("import os\nos._exit(1)", "bad"),
        ("x = 'base64://abc'", "bad"),
        ("f'base64://{x}'", "bad"),
        ("def f(:", "bad"),
        ("import time\ntime.sleep(1)", "warn"),
        ("import requests", "warn"),
        ("from urllib.request import urlopen", "warn"),
        ("eval('1')", "warn"),
        ("import pickle", "warn"),
        ("import base64\nbase64.b64encode(b'')", "warn"),
        ("await asyncio.sleep(1)\nmodel.eval()\nx = 'see base64://'", ""),
    ],
)
def test_what_code_shows_without_being_run(tmp_path: Path, code: str, state: str) -> None:
    (tmp_path / "main.py").write_text(code)
    assert [each.state for each in smells(tmp_path, str)] == ([state] if state else [])


def test_a_finding_names_its_line_and_tests_are_free(tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text("import requests")
    (tmp_path / "main.py").write_text("\n\nimport requests")
    assert [each.subject for each in smells(tmp_path, str)] == ["main.py:3"]
