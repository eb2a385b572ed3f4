"""aiocqhttp as an outside worker: Kagami dials it. It has no client for the other direction."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from kagami.engine import Engine
from tests.engine.running import engine, until
from tests.services.outside import SETTINGS, WORKER, Application, account, application, free_port, worker

SIDE = Path(__file__).parent / "aiocqhttp_side.py"

pytestmark = [pytest.mark.service, pytest.mark.timeout(120)]


class Place:
    def __init__(self, opened: Engine, folder: Path, port: int) -> None:
        self.engine = opened
        self._folder = folder
        self._port = port

    def aiocqhttp(self) -> AbstractAsyncContextManager[Application]:
        return application(sys.executable, SIDE, str(self._port), WORKER, folder=self._folder)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    port = free_port()
    async with engine(tmp_path / "home", SETTINGS + f'url = "ws://127.0.0.1:{port}/ws/"\n') as opened:
        yield Place(opened, tmp_path, port)


async def test_it_hears_and_answers(place: Place) -> None:
    async with account(place.engine) as peer, place.aiocqhttp() as app:
        assert await app.told("connected") == "10001"
        await peer.say("ping 镜", user="20002")
        assert (await app.told("heard"))["text"] == "ping 镜"
        async with asyncio.timeout(30):
            call = await peer.called("send_private_msg")
        assert call["params"]["user_id"] == 20002
        assert "pong 镜" in str(call["params"]["message"])
        assert (await app.told("sent"))["message_id"] > 900_000


async def test_after_a_while_away_it_gets_exactly_what_it_missed(place: Place) -> None:
    async with account(place.engine) as peer:
        async with place.aiocqhttp() as app:
            await app.told("connected")
            await peer.say("ping before", group="42")
            await app.told("sent")
        await until(lambda: worker(place.engine).state == "away")
        for number in range(5):
            await peer.say(f"missed {number}", group="42")
        async with place.aiocqhttp() as app:
            missed = [await app.told("heard") for _ in range(5)]
            assert sorted(each["text"] for each in missed) == [f"missed {number}" for number in range(5)]
            assert all(each["late"] for each in missed)
            await peer.say("now", group="42")
            assert (await app.told("heard"))["late"] is None
