"""Language models on loopback that say what a test tells them, and a chat with the plugin as it lies on disk."""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

import kagami.plugins.extra
from kagami.net.http import HttpReach
from kagami.testing.chat import PluginChat, chat_with

PLUGIN = Path(kagami.plugins.extra.__file__).parent / "chat"
HOST = "127.0.0.1"


class Model:
    """An OpenAI-compatible endpoint. `asked` are the bodies of all calls, `keys` what they came with.

    `says` queues an answer, `fails` a failure; with nothing queued it says "ok". While `open` is cleared it thinks.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.open = asyncio.Event()
        self.open.set()
        self._answers: deque[tuple[int, dict[str, str], Any]] = deque()
        self._called = asyncio.Condition()
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._answer)
        self._server = TestServer(application)

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.open.set()
        await self._server.close()

    def endpoint(self, model: str = "tiny", *keys: str, seconds: float = 5.0) -> dict[str, Any]:
        """Its entry in the plugin's settings."""
        return {"url": f"http://{HOST}:{self._server.port}/v1", "model": model, "keys": keys, "seconds": seconds}

    def says(self, content: str, *, prompt: int = 10, completion: int = 5) -> None:
        usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
        choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
        self._answers.append((200, {}, {"id": "1", "object": "chat.completion", "choices": [choice], "usage": usage}))

    def fails(self, status: int, body: Any = None, **headers: str) -> None:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers.append((status, named, body if body is not None else {"error": {"message": "no"}}))

    async def called(self, times: int) -> None:
        """Wait until it was asked so many times."""
        async with asyncio.timeout(5), self._called:
            await self._called.wait_for(lambda: len(self.asked) >= times)

    def read(self, call: int = -1) -> str:
        """All that it got to read in a call, without the system prompt."""
        return "\n".join(f"{turn['role']}> {turn['content']}" for turn in self.asked[call]["messages"][1:])

    async def _answer(self, request: web.Request) -> web.Response:
        self.keys.append(request.headers.get("Authorization", "").removeprefix("Bearer "))
        async with self._called:
            self.asked.append(await request.json())
            self._called.notify_all()
        if not self._answers:
            self.says("ok")
        status, headers, body = self._answers.popleft()
        await self.open.wait()
        return web.json_response(body, status=status, headers=headers)


@asynccontextmanager
async def talking(folder: Path, *endpoints: Mapping[str, Any], **settings: Any) -> AsyncIterator[PluginChat]:
    """A chat with the plugin, loaded as any other from `folder`."""
    shutil.copytree(PLUGIN, folder / "chat", ignore=shutil.ignore_patterns("__pycache__"))
    given = {"language": "en", "endpoints": [*endpoints], **settings}
    async with (
        HttpReach(private=(HOST,)) as reach,
        chat_with(folder, settings={"chat": given}, http=reach) as chat,
    ):
        yield chat
