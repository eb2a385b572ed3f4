from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from kagami.config import load
from kagami.engine.alerting import webhook
from kagami.errors import Unavailable
from kagami.home import Home


@asynccontextmanager
async def listening(status: int, heard: list[Any]) -> AsyncIterator[str]:
    async def hear(request: web.Request) -> web.Response:
        heard.append(await request.json())
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/hook", hear)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def test_a_notice_is_posted_as_json(tmp_path: Path) -> None:
    heard: list[Any] = []
    async with listening(204, heard) as url, AsyncExitStack() as stack:
        post = webhook(stack, load(Home(tmp_path), environ={"KAGAMI_ALERTS__WEBHOOK": url}))
        assert post is not None
        await post({"kind": "test", "text": "你好"})
    assert heard == [{"kind": "test", "text": "你好"}]


async def test_an_address_that_answers_badly_is_unavailable(tmp_path: Path) -> None:
    async with listening(500, []) as url, AsyncExitStack() as stack:
        post = webhook(stack, load(Home(tmp_path), environ={"KAGAMI_ALERTS__WEBHOOK": url}))
        assert post is not None
        with pytest.raises(Unavailable, match="500"):
            await post({})


async def test_without_an_address_there_is_no_way(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        assert webhook(stack, load(Home(tmp_path), environ={})) is None
