"""NoneBot2 with adapter-onebot as an outside worker, in both directions: nothing of it was changed for this."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from kagami.engine import Engine
from kagami.testing.onebot import Peer
from tests.engine.running import engine, until
from tests.services.outside import SETTINGS, WORKER, Application, account, application, free_port, worker

SIDE = Path(__file__).parent / "nonebot_side.py"

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


class Place:
    """An engine that knows how NoneBot is to be started for it."""

    def __init__(self, opened: Engine, folder: Path, port: int) -> None:
        self.engine = opened
        self._folder = folder
        self._port = port

    def nonebot(self) -> AbstractAsyncContextManager[Application]:
        forward = f"ws://127.0.0.1:{self.engine.gateway_port}/"
        way = ("reverse", str(self._port)) if self._port else ("forward", forward)
        return application(sys.executable, SIDE, *way, WORKER, folder=self._folder)

    async def here(self) -> None:
        await until(lambda: worker(self.engine).state == "live")

    async def gone(self) -> None:
        await until(lambda: worker(self.engine).state == "away")


@pytest.fixture(params=["forward", "reverse"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    port = free_port() if request.param == "reverse" else 0
    settings = SETTINGS + (f'url = "ws://127.0.0.1:{port}/onebot/v11/ws"\n' if port else "")
    async with engine(tmp_path / "home", settings) as opened:
        yield Place(opened, tmp_path, port)


async def answer(peer: Peer) -> dict[str, Any]:
    async with asyncio.timeout(30):
        return await peer.called("send_group_msg")


async def test_it_hears_and_answers(place: Place) -> None:
    async with account(place.engine) as peer, place.nonebot() as app:
        assert await app.told("connected") == "10001"
        message = await peer.say("ping 镜", group="42", user="20002")
        assert await app.told("heard") == {
            "text": "ping 镜", "user": 20002, "message": message, "group": 42, "late": None, "bot": 10001, "images": [],
            "quoted": "", "to_me": False,
        }  # fmt: skip
        call = await answer(peer)
        assert call["params"] == {"group_id": 42, "message": [{"type": "text", "data": {"text": "pong 镜"}}]}
        assert (await app.told("sent"))["message_id"] > 900_000


async def test_ids_that_are_no_numbers_become_some_and_come_back(place: Place) -> None:
    async with account(place.engine, "wxid_me", platform="wechat") as peer, place.nonebot() as app:
        bot = int(await app.told("connected"))
        frame = peer.message("ping", user="wxid_a", group="42@chatroom")
        await peer.send(frame | {"message_id": "abc:1"})
        heard = await app.told("heard")
        assert heard["bot"] == bot
        assert all(1 << 52 <= heard[key] < 1 << 53 for key in ("user", "message", "bot"))
        assert (await answer(peer))["params"]["group_id"] == "42@chatroom"


async def test_after_a_while_away_it_gets_exactly_what_it_missed(place: Place) -> None:
    async with account(place.engine) as peer:
        async with place.nonebot() as app:
            await app.told("connected")
            await peer.say("ping before", group="42")
            assert (await app.told("heard"))["text"] == "ping before"
            await app.told("sent")
        await place.gone()
        for number in range(5):
            await peer.say(f"missed {number}", group="42")
        async with place.nonebot() as app:
            missed = [await app.told("heard") for _ in range(5)]
            assert [each["text"] for each in missed] == [f"missed {number}" for number in range(5)]
            assert all(each["late"] for each in missed)
            await peer.say("ping now", group="42")
            now = await app.told("heard")
            assert (now["text"], now["late"]) == ("ping now", None)
            assert (await app.told("sent"))["message_id"]
