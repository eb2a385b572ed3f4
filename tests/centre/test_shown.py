from __future__ import annotations

from pathlib import Path

import pytest

from kagami.centre.keys import LEAVES
from kagami.centre.shown import bare_url, bot_kinds, changes, flat, rows, shown, text_of
from kagami.config import Settings, load
from kagami.core.secrets import HIDDEN, Secret
from kagami.home import Home

BOTS = '[[bots]]\nkind = "onebot11"\nurl = "ws://me:pw@h:1/?access_token=x"\ntoken = "t0p"\n'


def settings(home: Path, text: str) -> Settings:
    home.mkdir(exist_ok=True)
    (home / "kagami.toml").write_text(text)
    return load(Home(home), environ={})


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("ws://127.0.0.1:3001/x", "ws://127.0.0.1:3001/x"),
        ("ws://me:pw@h:1/?access_token=x", f"ws://{HIDDEN}@h:1/?{HIDDEN}"),
        ("http://[::1", HIDDEN),
        ("", ""),
    ],
)
def test_addresses_lose_what_may_be_secret(url: str, bare: str) -> None:
    assert bare_url(url) == bare


@pytest.mark.parametrize(
    "key", ["bots.0.url", "plugins.http.proxy", "plugins.market.mirror", "plugins.market.packages"]
)
def test_every_address_loses_what_may_be_secret(key: str) -> None:
    assert shown(key, "https://user:pw@index.example/simple") == f"https://{HIDDEN}@index.example/simple"


def test_rows_have_those_of_each_bot_and_no_secret(tmp_path: Path) -> None:
    found = {row.key: row for row in rows(settings(tmp_path, BOTS), lambda _: "live", {"bots.0.token": 7})}
    assert found["bots.0.token"].value == {"set": True, "changed_at_ms": 7}
    assert found["bots.0.url"].origin == "kagami.toml:3"
    assert found["bots.0.call_seconds"].text == text_of("bots.9.call_seconds") != ""
    assert {row.group for row in found.values() if row.key.startswith("bots")} == {"bots"}
    assert found["prefix"].group == "general"
    assert not any(secret in repr(found) for secret in ("t0p", "access_token", "pw@"))


def test_what_plugins_are_told_is_hidden_but_for_numbers() -> None:
    assert shown("plugins.settings", {"a": {"key": "x", "days": 3}}) == {"a": {"key": HIDDEN, "days": 3}}


def test_a_changed_secret_is_only_said_to_be_set(tmp_path: Path) -> None:
    before = settings(tmp_path, BOTS)
    after = settings(tmp_path, BOTS.replace("t0p", "oth3r"))
    (change,) = changes(before, after)
    assert (change.key, change.before, change.after) == ("bots.0.token", {"set": True}, {"set": True})


def test_flat_names_every_value_once(tmp_path: Path) -> None:
    found = dict(flat(settings(tmp_path, BOTS + "[plugins.settings.'a.b']\nx = 1\n")))
    assert found["plugins.settings.a.b.x"] == 1
    assert found["bots.0.token"] == Secret("t0p")


def test_kinds_of_bots_have_rows() -> None:
    kind = next(each for each in bot_kinds(LEAVES["bots"]) if each.kind == "onebot11")
    assert kind.required == ("url",)
    assert next(row for row in kind.keys if row.key == "enabled").default is True
