"""NoneBot2, as anybody installs it, answers chats of three platforms, in both directions."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.services.claims import Claims, Stage, is_told_what_it_missed, turns
from tests.services.outside import WORKER, Application, application, free_port
from tests.services.platforms import World, heard, world

SIDE = Path(__file__).parent / "nonebot_side.py"
WAYS = ["forward", "reverse"]

pytestmark = [pytest.mark.service, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


def _table(port: int) -> str:
    """What the worker's table says besides."""
    return 'actions = ["*"]\n' + (f'url = "ws://127.0.0.1:{port}/onebot/v11/ws"\n' if port else "")


class Starter:
    def __init__(self, port: int) -> None:
        self._port = port

    def __call__(self, world: World) -> AbstractAsyncContextManager[Application]:
        way = ("reverse", str(self._port)) if self._port else ("forward", ",".join(world.forward()))
        return application(sys.executable, SIDE, *way, WORKER, folder=world.folder)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS)
async def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    port = free_port() if request.param == "reverse" else 0
    async with (
        world(tmp_path_factory.mktemp("nonebot"), _table(port)) as place,
        place.running(),
        Starter(port)(place) as app,
    ):
        await place.here(app)
        yield Stage(place, app)


class TestNoneBot(Claims):
    async def test_it_knows_what_somebody_answers_to_it(self, stage: Stage) -> None:
        for platform in (stage.world.telegram, stage.world.feishu):
            turn = next(turns)
            await platform.say(f"ping {turn}")
            await stage.world.answered(platform, f"pong {turn}")
            await platform.reply(f"why {turn}")
            said = await heard(stage.app, f"why {turn}")
            assert (said["quoted"], said["to_me"]) == (f"pong {turn}", True)


@pytest.mark.parametrize("way", WAYS)
async def test_after_a_while_away_it_gets_exactly_what_it_missed(way: str, tmp_path: Path) -> None:
    port = free_port() if way == "reverse" else 0
    async with world(tmp_path, _table(port)) as place:
        await is_told_what_it_missed(place, Starter(port))
