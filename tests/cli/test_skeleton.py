from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from kagami.cli.skeleton import write_plugin
from kagami.errors import Conflict, UsageError
from kagami.plugins.manifest import read_manifest


def test_a_new_plugin_has_a_sound_manifest_and_a_test(tmp_path: Path) -> None:
    made = write_plugin("org.example.night-watch", tmp_path / "new", str)
    manifest = read_manifest(tmp_path / "new")
    assert (manifest.id, manifest.name) == ("org.example.night-watch", "night-watch")
    assert tmp_path / "new" / "tests" / "test_night_watch.py" in made
    assert '@plugin.command("night_watch"' in (tmp_path / "new" / "main.py").read_text()


@pytest.mark.parametrize("plugin", ["a", "7up", "x--y", "A.B.C", "class"])
def test_any_id_makes_python(tmp_path: Path, plugin: str) -> None:
    for path in write_plugin(plugin, tmp_path / "new", str):
        if path.suffix == ".py":
            text = path.read_text()
            ast.parse(text)
            assert not set("⟨⟩‹›") & set(text)


def test_its_texts_are_in_the_language_of_the_author(tmp_path: Path) -> None:
    write_plugin("dice", tmp_path / "new", lambda text: f"译{text}")
    assert json.loads((tmp_path / "new" / "plugin.json").read_text())["description"].startswith("译")
    assert '"译Who shall be greeted?"' in (tmp_path / "new" / "main.py").read_text()
    assert '"译Who shall be greeted?"' in (tmp_path / "new" / "tests" / "test_dice.py").read_text()


@pytest.mark.parametrize("plugin", ["", "../x", "a b", "天", "-a", "a" * 101])
def test_what_is_no_id_is_refused(tmp_path: Path, plugin: str) -> None:
    with pytest.raises(UsageError, match="is no id"):
        write_plugin(plugin, tmp_path / "new", str)
    assert not (tmp_path / "new").exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(Conflict, match="--dir"):
        write_plugin("dice", tmp_path, str)


def test_a_place_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="file"):
        write_plugin("dice", tmp_path / "file" / "new", str)
