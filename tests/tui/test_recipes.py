from __future__ import annotations

import json
from pathlib import Path

import pytest

from kagami.model.ids import BotId
from kagami.tui.recipes import TOKEN, Recipe, recipes

BOTS = (BotId("qq:10001"), BotId("telegram:123456"), BotId("feishu:cli_a1"))
GATEWAY = "ws://127.0.0.1:3001/"
CONNECTS = {each.app: each for each in recipes(GATEWAY, BOTS, dialled=False)}


def listens(url: str) -> dict[str, Recipe]:
    return {each.app: each for each in recipes(url, BOTS, dialled=True)}


def test_nonebot_gets_one_address_for_each_bot() -> None:
    env = dict(line.partition("=")[::2] for line in CONNECTS["NoneBot2"].lines)
    assert env["DRIVER"] == "~websockets"
    assert json.loads(env["ONEBOT_WS_URLS"]) == [f"{GATEWAY}?bot={bot}" for bot in BOTS]
    assert env["ONEBOT_ACCESS_TOKEN"] == TOKEN


def test_koishi_gets_an_entry_for_each_account_that_is_a_number() -> None:
    text = CONNECTS["Koishi"].text("word")
    assert text.count("adapter-onebot:") == 2
    assert (
        "    selfId: '10001'\n    protocol: ws\n    endpoint: ws://127.0.0.1:3001/?bot=qq:10001\n    token: word\n"
        in text
    )
    assert "cli_a1" not in text


def test_any_other_learns_address_and_header() -> None:
    assert CONNECTS["OneBot 11"].lines[:2] == (GATEWAY, f"Authorization: Bearer {TOKEN}")


def test_an_application_that_listens_gets_host_port_and_path() -> None:
    found = listens("ws://127.0.0.1:8080/onebot/v11/ws")
    assert found["NoneBot2"].lines[1:3] == ("HOST=127.0.0.1", "PORT=8080")
    assert "    port: 8080" in found["Koishi"].lines
    assert "    path: /onebot/v11/ws" in found["Koishi"].lines
    assert 'bot.run(host="127.0.0.1", port=8080)' in found["aiocqhttp"].lines
    assert listens("wss://example.com")["NoneBot2"].lines[1:3] == ("HOST=example.com", "PORT=443")


def test_without_bots_there_is_an_example() -> None:
    found = {each.app: each for each in recipes(GATEWAY, (), dialled=False)}
    assert "qq:10001" in found["NoneBot2"].text()


def test_the_token_is_where_it_was_asked_for_alone() -> None:
    assert TOKEN in CONNECTS["NoneBot2"].text()
    assert CONNECTS["NoneBot2"].text("word").count("word") == 1
    assert not listens("ws://127.0.0.1:5140/onebot")["Koishi"].secret


@pytest.mark.parametrize(
    "line", ["DRIVER=~websockets", "DRIVER=~fastapi", "    protocol: ws", "    protocol: ws-reverse"]
)
def test_the_pages_say_the_same(line: str) -> None:
    page = (Path(__file__).parents[2] / "docs" / "connect" / "workers.md").read_text("utf-8")
    shown = [each for found in (CONNECTS, listens(GATEWAY)) for recipe in found.values() for each in recipe.lines]
    assert line in shown
    assert line in page.splitlines()
