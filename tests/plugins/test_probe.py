from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagami.errors import PluginError
from kagami.plugins.fleet import BUILTIN
from kagami.plugins.probe import Called, probe

DICE = '''
from kagami.plugins.api import Plugin, Settings
import os
class Dice(Settings):
    sides: int = 6
    owner: str = os.environ.get("PROBE_SECRET", "nobody")
plugin = Plugin(settings=Dice)
@plugin.command("roll", aliases=["掷"])
async def roll(ctx, times: int = 1):
    """Roll dice."""
@plugin.cron("0 0 * * *")
async def night(ctx): ...
'''


def author(folder: Path, code: str, **keys: object) -> Path:
    folder.mkdir()
    (folder / "main.py").write_text(code)
    (folder / "plugin.json").write_text(json.dumps({"id": "dice", "version": "1.0.0", "entry": "main:plugin"} | keys))
    return folder


def test_a_plugin_tells_what_it_declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROBE_SECRET", "hunter2")
    (found,) = probe([author(tmp_path / "dice", DICE)])
    assert found.commands == (Called(("roll", "掷"), "[times]", "Roll dice."),)
    assert (found.jobs, [each.name for each in found.settings]) == (("night",), ["sides", "owner"])
    assert found.settings[1].default == "nobody"


def test_many_are_asked_at_once() -> None:
    assert {each.id for each in probe(sorted(BUILTIN.glob("[a-z]*")))} == {"admin", "echo", "help"}


def test_what_is_no_python_is_not_asked(tmp_path: Path) -> None:
    assert probe([author(tmp_path / "dice", DICE, runtime="process", entry=["node", "x.js"])]) == []


def test_a_broken_import_is_a_problem(tmp_path: Path) -> None:
    (found,) = probe([author(tmp_path / "dice", "raise ValueError('no')")])
    assert found.problem.splitlines()[-1] == "ValueError: no (main.py, line 1)"


def test_something_else_under_the_name_is_a_problem(tmp_path: Path) -> None:
    (found,) = probe([author(tmp_path / "dice", "plugin = 1")])
    assert "main:plugin is int" in found.problem


def test_an_import_that_ends_the_process_is_told(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="exit code 3"):
        probe([author(tmp_path / "dice", "import os; os._exit(3)")])


def test_an_import_that_does_not_end_is_cut(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"within 0\.5 s"):
        probe([author(tmp_path / "dice", "while True: ...")], seconds=0.5)
