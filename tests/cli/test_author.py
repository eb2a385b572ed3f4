from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from kagami.cli import author
from kagami.plugins.signing import fingerprint, make_key
from tests.cli.conftest import Say


@pytest.fixture
def plugin(say: Say, tmp_path: Path) -> Path:
    assert say("plugin", "new", "dice", "--dir", str(tmp_path / "my dice")).code == 0
    return tmp_path / "my dice"


def test_a_new_plugin_passes_its_own_tests(say: Say, plugin: Path) -> None:
    said = say("plugin", "test", str(plugin))
    assert (said.code, "3 passed" in said.out, "dev/null" in said.out) == (0, True, False), said


@pytest.mark.parametrize("language", ["zh"])
def test_so_does_one_in_another_language(say: Say, tmp_path: Path, language: str) -> None:
    say("--lang", language, "plugin", "new", "dice", "--dir", str(tmp_path / "new"))
    assert say("plugin", "test", str(tmp_path / "new"), "-q", "-k", "asked").code == 0


def test_a_test_that_fails_fails_the_command(say: Say, plugin: Path) -> None:
    (plugin / "tests" / "test_dice.py").write_text("def test_no():\n    assert 1 == 2\n")
    said = say("plugin", "test", str(plugin))
    assert (said.code, "assert 1 == 2" in said.out) == (1, True)


def test_as_json_only_the_answer_is_on_standard_output(say: Say, plugin: Path) -> None:
    said = say("plugin", "test", str(plugin), "--json", "-k", "answers")
    assert json.loads(said.out) == {"passed": True, "exit_code": 0}
    assert "1 passed" in said.err


def test_without_pytest_the_command_to_get_it_is_named(say: Say, plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(author, "find_spec", lambda name: None if name == "pytest_asyncio" else name)
    said = say("plugin", "test", str(plugin))
    assert (said.code, "-m pip install pytest pytest-asyncio" in said.err) == (69, True)


def test_what_is_no_plugin_has_no_tests(say: Say, tmp_path: Path) -> None:
    said = say("plugin", "test", str(tmp_path))
    assert (said.code, "plugin.json" in said.err) == (1, True)


def test_new_tells_what_it_wrote(say: Say, tmp_path: Path) -> None:
    told = json.loads(say("plugin", "new", "dice", "--dir", str(tmp_path / "new"), "--json").out)
    assert told["files"][0] == str(tmp_path / "new" / "plugin.json")


def test_new_overwrites_nothing(say: Say, plugin: Path) -> None:
    said = say("plugin", "new", "dice", "--dir", str(plugin))
    assert (said.code, "--dir" in said.err) == (1, True)


def test_a_key_is_made_once_and_shown_again(say: Say, tmp_path: Path) -> None:
    file = tmp_path / "key"
    first = say("plugin", "key", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert first.out.startswith("ed25519:")
    assert file.read_text().strip() not in first.out + first.err
    again = json.loads(say("plugin", "key", str(file), "--json").out)
    assert (again["public"], again["made"]) == (first.out.strip(), False)


def test_a_file_that_is_no_key_is_refused(say: Say, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hello")
    (tmp_path / "key").chmod(0o600)
    said = say("plugin", "key", str(tmp_path / "key"))
    assert (said.code, "holds no private key" in said.err) == (64, True)


def test_a_package_is_signed_by_its_author(say: Say, plugin: Path, tmp_path: Path) -> None:
    public = make_key(tmp_path / "key")
    told = json.loads(
        say("plugin", "pack", str(plugin), "--key", str(tmp_path / "key"), "--to", str(tmp_path / "out"), "--json").out
    )
    assert told["signer"] == fingerprint(public)
    assert Path(told["package"]) == tmp_path / "out" / "dice-0.1.0.kpk"
    assert Path(told["package"]).stat().st_size == told["size"]


def test_a_package_is_for_everybody_to_read(say: Say, plugin: Path, tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        say("plugin", "pack", str(plugin), "--to", str(tmp_path / "www" / "market"))
    finally:
        os.umask(before)
    made = [tmp_path / "www", tmp_path / "www" / "market", tmp_path / "www" / "market" / "dice-0.1.0.kpk"]
    assert [oct(stat.S_IMODE(each.stat().st_mode)) for each in made] == ["0o755", "0o755", "0o644"]


def test_what_cannot_be_loaded_is_packed_by_force_alone(say: Say, plugin: Path, tmp_path: Path) -> None:
    (plugin / "main.py").write_text("def (:\n")
    said = say("plugin", "pack", str(plugin), "--to", str(tmp_path))
    assert (said.code, "SyntaxError" in said.err, "--force" in said.err) == (64, True, True)
    assert not (tmp_path / "dice-0.1.0.kpk").exists()
    assert say("plugin", "pack", str(plugin), "--to", str(tmp_path), "--force").code == 0


def test_a_recall_of_what_is_not_here_is_doubted(say: Say, tmp_path: Path) -> None:
    make_key(tmp_path / "key")
    said = say("plugin", "index", str(tmp_path), "--key", str(tmp_path / "key"), "--recall", "nosuch", "*", "why")
    assert (said.code, "There is no package of nosuch" in said.err) == (0, True)


def test_a_package_without_a_signature_is_told_of(say: Say, plugin: Path, tmp_path: Path) -> None:
    said = say("plugin", "pack", str(plugin), "--to", str(tmp_path))
    assert (said.code, "--unsigned" in said.err) == (0, True)


def test_a_market_is_made_of_packages(say: Say, plugin: Path, tmp_path: Path) -> None:
    public, stand = make_key(tmp_path / "key"), tmp_path / "stand"
    say("plugin", "pack", str(plugin), "--key", str(tmp_path / "key"), "--to", str(stand))
    words = ("plugin", "index", str(stand), "--key", str(tmp_path / "key"), "--recall", "dice", "<0.1", "it cheats")
    said = say(*words, "--name", "Games")
    assert (said.code, "dice  0.1.0" in said.out, public in said.out) == (0, True, True)
    told = json.loads((stand / "index.json").read_text())
    assert (told["name"], told["recalls"]) == ("Games", [{"id": "dice", "versions": "<0.1", "reason": "it cheats"}])
    assert told["plugins"][0]["versions"][0]["signer"] == fingerprint(public)
    assert (
        json.loads(say("plugin", "index", str(stand), "--key", str(tmp_path / "key"), "--json").out)["name"] == "Games"
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "is no folder"),
        ([".", "--recall", "dice", "soon", "why"], "--recall dice: versions are like 1.2.0"),
        ([".", "--recall", "dice"], "--recall"),
    ],
)
def test_a_wrong_index_names_the_fix(say: Say, tmp_path: Path, words: list[str], message: str) -> None:
    make_key(tmp_path / "key")
    folder, *more = words
    said = say("plugin", "index", str(tmp_path / folder), "--key", str(tmp_path / "key"), *more)
    assert (said.code, message in said.err) == (64, True)


def test_a_market_needs_a_key(say: Say, tmp_path: Path) -> None:
    said = say("plugin", "index", str(tmp_path))
    assert (said.code, "--key" in said.err) == (64, True)
