"""`kagami init --napcat`."""

from __future__ import annotations

import json

from kagami.adapters.napcat.config import NapCatConfig
from kagami.config import load
from kagami.home import Home
from tests.cli.conftest import Say


def napcats(home: Home) -> list[NapCatConfig]:
    return [bot for bot in load(home, environ={}).bots if isinstance(bot, NapCatConfig)]


def test_a_napcat_is_put_beside_a_new_configuration(say: Say, home: Home) -> None:
    said = say("init", "--napcat")
    (bot,) = napcats(home)
    token = json.loads((home.path / "napcat" / "config" / "webui.json").read_text())["token"]
    assert (said.code, bot.name, bot.webui_token.reveal()) == (0, "napcat", token)
    assert "docker compose up -d" in said.out
    assert "kagami bots login napcat" in said.out
    assert token not in said.out


def test_a_configuration_that_is_there_gets_the_table_and_keeps_its_comments(say: Say, home: Home) -> None:
    (home.path / "kagami.toml").write_text('prefix = "!"  # loud\n')
    said = say("init", "--napcat", "--json")
    text = (home.path / "kagami.toml").read_text()
    assert (said.code, 'prefix = "!"  # loud' in text, len(napcats(home))) == (0, True, 1)
    assert json.loads(said.out)["napcat"] == str(home.path / "napcat")


def test_a_second_napcat_replaces_the_first_only_when_forced(say: Say, home: Home) -> None:
    say("init", "--napcat")
    (before,) = napcats(home)
    assert say("init", "--napcat").code == 1
    assert napcats(home) == [before]
    assert say("init", "--napcat", "--force").code == 0
    (after,) = napcats(home)
    assert after.webui_token != before.webui_token
