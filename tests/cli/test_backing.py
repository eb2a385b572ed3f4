from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagami.home import Home
from tests.cli.conftest import Doubles, Say, Shelf

PASSPHRASE = "a passphrase of words"
VARIABLE = "KAGAMI_BACKUP__PASSPHRASE_FILE"


@pytest.fixture
def passphrase(tmp_path: Path) -> str:
    file = tmp_path / "pass"
    file.write_text(PASSPHRASE + "\n")
    return str(file)


@pytest.fixture
def shelf(engine: Doubles) -> Shelf:
    return engine.backups


@pytest.mark.parametrize("words", [("backup",), ("backup", "now", "--secrets")])
def test_none_is_made_that_only_this_shell_would_encrypt(
    say: Say, shelf: Shelf, passphrase: str, words: tuple[str, ...]
) -> None:
    said = say(*words, **{VARIABLE: passphrase})
    assert (said.code, shelf.made) == (64, [])
    assert "where the engine starts" in said.err


@pytest.mark.parametrize("words", [("backup",), ("backup", "now")])
def test_what_the_engine_encrypts_is_made_and_said(
    say: Say, shelf: Shelf, passphrase: str, words: tuple[str, ...]
) -> None:
    shelf.seals = True
    said = say(*words, **{VARIABLE: passphrase})
    assert (said.code, shelf.made, "It is encrypted." in said.err) == (0, ["one.kbk.enc"], True)


def test_without_a_passphrase_it_is_said_that_it_is_not_encrypted(say: Say, shelf: Shelf) -> None:
    said = say("backup")
    assert (said.code, shelf.made, "It is not encrypted." in said.err) == (0, ["one.kbk"], True)


def test_an_encrypted_one_is_verified_and_restored_with_its_passphrase(say: Say, home: Home, passphrase: str) -> None:
    say("migrate")
    name = json.loads(say("backup", "--json", **{VARIABLE: passphrase}).out)["name"]
    for words in (("backup", "verify", name), ("restore", str(home.backups / name), "--yes")):
        said = say(*words)
        assert (said.code, "--passphrase-file FILE" in said.err, VARIABLE in said.err) == (64, True, True)
        assert say(*words, "--passphrase-file", passphrase).code == 0


def test_a_passphrase_that_the_engine_does_not_have_verifies(
    say: Say, passphrase: str, request: pytest.FixtureRequest
) -> None:
    say("migrate")
    name = json.loads(say("backup", "--json", **{VARIABLE: passphrase}).out)["name"]
    request.getfixturevalue("engine")
    assert "--passphrase-file FILE" in say("backup", "verify", name).err
    assert say("backup", "verify", name, "--passphrase-file", passphrase).code == 0
    assert say("backup", "verify", name, **{VARIABLE: passphrase}).code == 0


def test_a_sound_one_is_said_to_be_whole(say: Say) -> None:
    say("migrate")
    name = json.loads(say("backup", "--json").out)["name"]
    said = say("backup", "verify", name)
    assert (said.code, "The backup is whole." in said.err) == (0, True)


def test_a_name_that_is_missing_is_asked_for_in_the_readers_language(say: Say) -> None:
    said = say("--lang", "zh", "backup", "verify")
    assert (said.code, "缺少 NAME。" in said.err) == (64, True)


def test_secrets_are_missing_only_where_the_file_of_settings_came_from_the_backup(say: Say, home: Home) -> None:
    settings = home.path / "kagami.toml"
    settings.write_text('[web]\nmetrics_token = "0123456789abcdef0123456789abcdef"\n', "utf-8")
    say("migrate")
    file = str(home.backups / json.loads(say("backup", "--json").out)["name"])
    assert json.loads(say("restore", file, "--yes", "--json").out)["withheld"] == []
    settings.unlink()
    assert json.loads(say("restore", file, "--yes", "--json").out)["withheld"] == ["web.metrics_token"]
