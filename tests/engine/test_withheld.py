from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagami.engine.withheld import without_secrets

TEXT = """\
# my bots
prefix = "!"  # not a slash

[gateway]
token = "canary-gateway"
port = 3002

[web]
jwt_secret = "canary-jwt"

[store]
url = "sqlite:////canary/kagami.db"

[[bots]]
kind = "onebot11"
url = "ws://127.0.0.1:3001"
token = "canary-bot"

[[bots]]
kind = "onebot11"
url = "ws://127.0.0.1:3002?access_token=canary-url"

[plugins.settings.weather]
api_key = "canary-key"
city = "Oslo"
proxy = "http://me:canary-proxy@192.0.2.1"

[plugins.settings.weather.more]
password = "canary-more"
"""
KEYS = (
    "bots.0.token",
    "bots.1.url",
    "gateway.token",
    "plugins.settings.weather.api_key",
    "plugins.settings.weather.more.password",
    "plugins.settings.weather.proxy",
    "store.url",
    "web.jwt_secret",
)


def test_no_secret_of_a_file_stays_and_everything_else_does(tmp_path: Path) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(TEXT, "utf-8")
    text, withheld = without_secrets(path)
    assert b"canary" not in text
    assert sorted(withheld) == list(KEYS)
    for kept in (
        b"# my bots",
        b'prefix = "!"  # not a slash',
        b"port = 3002",
        b'city = "Oslo"',
        b"ws://127.0.0.1:3001",
    ):
        assert kept in text


@pytest.mark.parametrize("name", ["config.json", "mine.json"])
def test_a_file_in_json_is_treated_alike(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text('{"gateway": {"token": "canary", "port": 3002}}', "utf-8")
    text, withheld = without_secrets(path)
    assert (json.loads(text), withheld) == ({"gateway": {"port": 3002}}, ("gateway.token",))


@pytest.mark.parametrize("text", ["", "prefix = '!'\n", '[gateway]\ntoken = ""\n'])
def test_a_file_without_secrets_is_as_it_was(tmp_path: Path, text: str) -> None:
    path = tmp_path / "kagami.toml"
    path.write_text(text, "utf-8")
    assert without_secrets(path) == (text.encode(), ())
