"""A NapCat that is only named by its WebUI: from its login to messages that nobody brought."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kagami.adapters.napcat import host
from kagami.engine import Engine
from kagami.model.ids import BotId
from kagami.operations.bots import ListBots
from kagami.testing.napcat import WEBUI_TOKEN, NapCatHost, open_napcat
from kagami.testing.onebot import Params, silent
from tests.engine.running import engine, free_port, until

QQ = BotId("qq:10001")


def settings(napcat: NapCatHost, port: int) -> str:
    return (
        f"[gateway]\nport = {port}\n[web]\nport = 0\n[[bots]]\nkind = 'napcat'\nname = 'main'\n"
        f"webui_url = '{napcat.url}'\nwebui_token = '{WEBUI_TOKEN}'\ncall_seconds = 1.0\n"
    )


async def answered(napcat: NapCatHost, count: int) -> list[str]:
    """The texts that the bot has sent to the group, as soon as there are so many."""

    def said() -> list[str]:
        found = napcat.chats.messages.get(("group", "42"), [])
        return [each["message"][-1]["data"]["text"] for each in found if each["post_type"] == "message_sent"]

    await until(lambda: len(said()) >= count)
    return said()


async def known(opened: Engine) -> None:
    """It has connected, and is known for the one of the table."""
    while [(each.name, each.adapter, each.health.state) for each in await opened.call(ListBots()) if each.id == QQ] != [
        ("main", "napcat", "online")
    ]:
        await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host, "LOOK_SECONDS", 0.02)


async def test_what_was_said_while_nobody_was_connected_is_answered_afterwards(tmp_path: Path) -> None:
    async with open_napcat() as napcat, asyncio.timeout(30):
        napcat.scan()
        async with engine(tmp_path, settings(napcat, free_port())) as opened:
            await known(opened)
            await napcat.say("/echo one", group="42")
            assert await answered(napcat, 1) == ["one"]
            # The line breaks; what is said meanwhile reaches nobody.
            napcat.reconnect_s = 0.3
            for peer in napcat.open:
                await peer.connection.close()
            await napcat.say("/echo two", group="42")
            assert await answered(napcat, 2) == ["one", "two"]


async def heard(opened: Engine, text: str) -> list[str]:
    """What has come in, oldest first, as soon as `text` is among it."""
    while True:
        lines = await opened.parts.store.messages(bot=QQ, limit=500)
        texts = [each.text for each in lines if each.direction == "in"]
        if text in texts:
            return texts
        await asyncio.sleep(0.01)


async def test_a_long_absence_is_taken_whole(tmp_path: Path) -> None:
    async with open_napcat() as napcat, asyncio.timeout(30):
        napcat.scan()
        async with engine(tmp_path, settings(napcat, free_port())) as opened:
            await known(opened)
            await napcat.say("first", group="42")
            await heard(opened, "first")
            for number in range(120):
                napcat.chats.say(str(number), group="42")
            for peer in napcat.open:
                await peer.connection.close()
            expected = ["first", *(str(number) for number in range(120))]
            assert await heard(opened, "119") == expected


async def test_a_live_message_and_a_doubtful_send_hide_nothing(tmp_path: Path) -> None:
    async with open_napcat() as napcat, asyncio.timeout(30):
        napcat.scan()
        async with engine(tmp_path, settings(napcat, free_port())) as opened:
            await known(opened)
            napcat.chats.deaf = True
            await napcat.say("/echo one", group="42")
            await answered(napcat, 1)
            # The question for the doubtful send has no answer either; somebody speaks before it is given up.
            ask, asked = napcat.chats.answers["get_group_msg_history"], asyncio.Event()

            def slow(params: Params) -> Any:
                if asked.is_set():
                    return ask(params)
                asked.set()
                return silent(params)

            napcat.chats.answers["get_group_msg_history"] = slow
            for peer in napcat.open:
                await peer.connection.close()
            # Well before the live one: times are not compared to the second.
            napcat.chats.say("missed", group="42")["time"] += 60
            await asked.wait()
            live = napcat.chats.say("live", group="42")
            live["time"] += 120
            for peer in napcat.open:
                await peer.send(live)
            assert await heard(opened, "missed") == ["/echo one", "live", "missed"]


async def test_a_send_without_an_answer_is_found_in_the_chat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.hub.mending.DOUBT_PAUSE_S", 0.01)
    async with open_napcat() as napcat, asyncio.timeout(30):
        napcat.scan()
        async with engine(tmp_path, settings(napcat, free_port())) as opened:
            await known(opened)
            napcat.chats.deaf = True
            await napcat.say("/echo one", group="42")
            await answered(napcat, 1)

            async def outcome() -> str:
                lines = await opened.parts.store.messages(bot=QQ)
                return next((each.outcome for each in lines if each.direction == "out"), "")

            while await outcome() != "sent":
                await asyncio.sleep(0.01)
