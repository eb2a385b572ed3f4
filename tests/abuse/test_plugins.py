"""SB8, SB9, SB10: who is an admin, where a plugin may speak, and what it may ask of a platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kagami.model.action import Call, Send
from kagami.model.message import plain_text
from kagami.operations.audit import ListAudit
from kagami.operations.people import ListPeople
from kagami.operations.system import Connect
from kagami.testing.chat import PluginChat
from kagami.testing.onebot import Peer, connect_implementation
from tests.engine.running import FREE, engine, until, visiting
from tests.plugins.process.children import room

# Actions of OneBot 11 and of its implementations that a stranger's plugin must not reach.
DANGEROUS = [
    "get_cookies",
    "get_csrf_token",
    "get_credentials",
    "set_group_kick",
    "set_group_whole_ban",
    "set_group_leave",
    "set_restart",
    "clean_cache",
    "delete_friend",
    "get_clientkey",
    "bot_exit",
    ".handle_quick_operation",
]
# Asks for everything on a list, and says what became of it.
ASKS = """
ready()
while True:
    event = hear()
    if event["type"] != "event": break
    found = []
    for name, payload in json.loads(event["payload"]["args"]):
        answer = ask("action", event, name, **payload)
        found.append("" if answer["ok"] else answer["error"]["code"])
    result(event, json.dumps(found))
"""


async def ask(chat: PluginChat, *wanted: tuple[str, dict[str, Any]]) -> tuple[list[str], list[Call | Send]]:
    """What each request came to, and what reached the platform meanwhile."""
    await chat.says(f"/do {json.dumps(wanted)}")
    reached: list[Call | Send] = []
    while True:
        told = await chat.receives()
        if isinstance(told, Send) and (text := plain_text(told.message)).startswith("["):
            found: list[str] = json.loads(text)
            return found, reached
        assert isinstance(told, Call | Send)
        reached.append(told)


async def test_a_plugin_without_a_grant_reaches_no_action_of_the_platform(tmp_path: Path) -> None:
    wanted = [("call", {"name": name, "params": {"group_id": 1, "user_id": 2}}) for name in DANGEROUS]
    for permissions in ([], ["store", "jobs", "send:any_chat", "delete", "http:*", "call:send_like"]):
        async with room(tmp_path / str(len(permissions)), ASKS, permissions=permissions) as (chat, _):
            assert await ask(chat, *wanted) == (["Denied"] * len(DANGEROUS), [])


async def test_a_grant_is_for_that_action_alone(tmp_path: Path) -> None:
    async with room(tmp_path, ASKS, permissions=["call:set_group_kick"]) as (chat, _):
        wanted = [("call", {"name": name}) for name in ("set_group_kick", "get_cookies", "SET_GROUP_KICK_ASYNC")]
        found, reached = await ask(chat, *wanted)
    assert found == ["", "Denied", "Denied"]
    assert [each.name for each in reached if isinstance(each, Call)] == ["set_group_kick"]


async def test_a_plugin_without_a_grant_speaks_in_the_chat_of_its_event_alone(tmp_path: Path) -> None:
    """As a language model that was talked into sending somewhere else would."""
    elsewhere = ["group:2", "private:20002", "private:100011", "private:10001 ", "PRIVATE:10001", ""]
    wanted = [("send", {"chat": chat, "message": "psst"}) for chat in elsewhere]
    async with room(tmp_path, ASKS, permissions=["store"]) as (chat, _):
        assert await ask(chat, *wanted) == (["Denied"] * len(elsewhere), [])


ADMIN = f'admins = ["qq:4711"]\n{FREE}'


async def denied(opened: Any, count: int) -> list[str]:
    """Who was refused, once there are so many rows of it."""
    rows: list[str] = []
    while len(rows) < count:
        rows = [row.name for row in await opened.call(ListAudit(result="denied"))]
    return sorted(rows)


def claiming(peer: Peer, text: str, **sender: Any) -> dict[str, Any]:
    """A message whose sender says of themselves what they like to be."""
    frame = peer.message(text, user="20002", group="42")
    return frame | {"sender": frame["sender"] | sender}


@pytest.mark.parametrize(
    "sender",
    [
        {"role": "owner", "nickname": "4711", "card": "qq:4711"},
        {"role": "super", "user_id": 4711, "nickname": "admin"},
        {"role": "admin", "title": "console", "nickname": "sandbox:10001"},
    ],
)
async def test_nobody_is_an_admin_by_what_is_said_of_them(tmp_path: Path, sender: dict[str, Any]) -> None:
    async with engine(tmp_path / "home", ADMIN) as opened, visiting(opened) as peer:
        await peer.send(claiming(peer, "#people add name=mallory role=admin", **sender))
        await peer.send(claiming(peer, "#system stop", **sender) | {"anonymous": {"id": 4711, "name": "qq:4711"}})
        assert await denied(opened, 2) == ["qq:20002", "qq:20002"]
        assert await opened.call(ListPeople()) == []
        assert not opened.stopping.is_set()


async def test_the_number_of_an_admin_on_another_platform_is_somebody_else(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", ADMIN) as opened:
        where = await opened.call(Connect())
        url = f"ws://127.0.0.1:{opened.gateway_port}/onebot/v11/ws"
        async with connect_implementation(url, token=where.token, platform="wechat") as peer:
            await until(lambda: opened.parts.bots.rows()[1:])
            await peer.say("#system stop", user="4711", group="42")
            assert await denied(opened, 1) == ["wechat:4711"]


async def test_an_admin_is_one(tmp_path: Path) -> None:
    async with engine(tmp_path / "home", ADMIN) as opened, visiting(opened) as peer:
        await peer.say("#people list", user="4711", group="42")
        assert await peer.called("send_group_msg")
