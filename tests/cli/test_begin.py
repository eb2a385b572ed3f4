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


def test_one_whose_account_another_table_has_changes_nothing(say: Say, home: Home) -> None:
    """Else nothing would start any more."""
    say("init")
    given = '{"webui_url": "http://127.0.0.1:6099", "webui_token": "w-1234567890123456"}'
    table = "\n[[bots]]\nkind = 'napcat'\nname = 'qq'\n" + "\n".join(
        f"{k} = '{v}'" for k, v in json.loads(given).items()
    )
    path = home.path / "kagami.toml"
    path.write_text(path.read_text("utf-8") + table + "\n", "utf-8")
    before = path.read_bytes()
    said = say("init", "--napcat")
    assert (said.code, path.read_bytes()) == (78, before)
    assert not [each for each in (home.path / "napcat").rglob("*") if each.is_file()]
