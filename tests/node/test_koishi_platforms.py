"""Koishi, as anybody installs it, answers chats of three platforms, in both directions."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.services.claims import Claims, Stage, is_told_what_it_missed
from tests.services.outside import WORKER, Application, application, free_port
from tests.services.platforms import World, world

SIDE = Path(__file__).parent / "koishi_side.js"
MODULES = Path(sys.prefix, "node", "node_modules")
WAYS = ["forward", "reverse"]

pytestmark = [pytest.mark.service, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]


def _table(port: int) -> str:
    return 'actions = ["*"]\n' + (f'url = "ws://127.0.0.1:{port}/onebot"\n' if port else "")


class Starter:
    def __init__(self, port: int) -> None:
        assert MODULES.exists(), "Koishi has no folder yet: `make test-workers` makes it"
        self._port = port

    def __call__(self, world: World) -> AbstractAsyncContextManager[Application]:
        node = shutil.which("node")
        assert node, "Node.js is missing"
        way = ("reverse", str(self._port)) if self._port else ("forward", ",".join(world.forward()))
        accounts = ",".join(str(each.ids.bot) for each in world.all)
        return application(node, SIDE, *way, accounts, WORKER, folder=world.folder)


@pytest.fixture(scope="module", autouse=True)
def _modules() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "NODE_PATH", str(MODULES))
        yield


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=WAYS)
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, _modules: None
) -> AsyncIterator[Stage]:
    port = free_port() if request.param == "reverse" else 0
    async with (
        world(tmp_path_factory.mktemp("koishi"), _table(port)) as place,
        place.running(),
        Starter(port)(place) as app,
    ):
        await place.here(app)
        yield Stage(place, app)


class TestKoishi(Claims):
    pass


@pytest.mark.parametrize("way", WAYS)
async def test_after_a_while_away_it_gets_exactly_what_it_missed(way: str, tmp_path: Path) -> None:
    port = free_port() if way == "reverse" else 0
    async with world(tmp_path, _table(port)) as place:
        await is_told_what_it_missed(place, Starter(port))
