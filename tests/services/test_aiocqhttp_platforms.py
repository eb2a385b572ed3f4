"""aiocqhttp, as anybody installs it, answers chats of three platforms. It knows only the reverse direction."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.services.claims import Claims, Stage, is_told_what_it_missed
from tests.services.outside import WORKER, Application, application, free_port
from tests.services.platforms import World, world

SIDE = Path(__file__).parent / "aiocqhttp_side.py"

pytestmark = [pytest.mark.service, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


def _table(port: int) -> str:
    return f'actions = ["*"]\nurl = "ws://127.0.0.1:{port}/ws/"\n'


class Starter:
    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, world: World) -> AbstractAsyncContextManager[Application]:
        return application(sys.executable, SIDE, str(self._port), WORKER, folder=world.folder)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    port = free_port()
    async with (
        world(tmp_path_factory.mktemp("aiocqhttp"), _table(port)) as place,
        place.running(),
        Starter(port)(place) as app,
    ):
        await place.here(app)
        yield Stage(place, app)


class TestAiocqhttp(Claims):
    pass


async def test_after_a_while_away_it_gets_exactly_what_it_missed(tmp_path: Path) -> None:
    port = free_port()
    async with world(tmp_path, _table(port)) as place:
        await is_told_what_it_missed(place, Starter(port))
