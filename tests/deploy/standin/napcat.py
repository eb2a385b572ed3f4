"""NapCat's stand-in in a container: `python napcat.py WEBUI_JSON`. The WebUI's port also takes `/standin/…`.

`POST /standin/scan` is the phone that scans the code. `POST /standin/say` with `{"text", "group"}` is a person who
writes; `GET /standin/chat?group=…` gives every message of a group, the oldest first, as `[user, text]`.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

from aiohttp import web

from kagami.clock import SystemClock
from kagami.net.supervise import Nursery
from kagami.testing.napcat import NapCatHost

ACCOUNT = "10001"


class StandIn:
    """Control over the simulator from outside the container."""

    def __init__(self, napcat: NapCatHost) -> None:
        self._napcat = napcat

    async def scan(self, _: web.Request) -> web.Response:
        self._napcat.scan()
        return web.json_response({})

    async def say(self, request: web.Request) -> web.Response:
        asked = await request.json()
        number = await self._napcat.say(asked["text"], group=asked["group"])
        return web.json_response({"message_id": number})

    async def chat(self, request: web.Request) -> web.Response:
        frames = self._napcat.chats.messages.get(("group", request.query["group"]), [])
        return web.json_response([[str(frame["user_id"]), _text(frame["message"])] for frame in frames])


def _text(segments: list[dict[str, Any]]) -> str:
    return "".join(each["data"].get("text", "") for each in segments)


async def main(wanted: dict[str, Any]) -> None:
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    async with Nursery(SystemClock()) as nursery:
        napcat = NapCatHost(nursery, wanted["token"], ACCOUNT)
        standin = StandIn(napcat)
        app = web.Application()
        app.add_routes(
            [
                web.route("*", "/api/{route:.*}", napcat.handle),
                web.post("/standin/scan", standin.scan),
                web.post("/standin/say", standin.say),
                web.get("/standin/chat", standin.chat),
            ]
        )
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, wanted["host"], wanted["port"]).start()
        try:
            await stopped.wait()
        finally:
            await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text())))
