"""What is answered to a request, whichever door it came through."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from http import HTTPStatus
from weakref import WeakSet

import msgspec
from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from kagami.model.principal import CONSOLE
from kagami.operations.registry import Registry
from kagami.ports import Parts
from kagami.web.health import examine, loop_state
from kagami.web.live import TOPICS, feed
from kagami.web.operations import Answer, answer

JSON = "application/json"
LIVE_MESSAGE_BYTES = 1 << 14
PING_SECONDS = 20.0
CLOSE_SECONDS = 1.0


class Subscription(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client of the live feed says first."""

    topics: tuple[str, ...] = TOPICS


class Handlers:
    """Handlers over one engine's parts."""

    def __init__(self, operations: Registry, parts: Parts) -> None:
        self._operations = operations
        self._parts = parts
        self._open: WeakSet[web.WebSocketResponse] = WeakSet()

    def health_routes(self) -> list[web.RouteDef]:
        """What everybody may ask who reaches the port."""
        return [
            web.get("/livez", self.livez),
            web.get("/readyz", self.readyz),
            web.get("/healthz", self.healthz),
            web.get("/metrics", self.metrics),
        ]

    def operator_routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/{topic}/{verb}", self.operate),
            web.get("/api/v1/live", self.live),
        ]

    async def livez(self, _: web.Request) -> web.Response:
        """That the loop turns; the store and the bots do not matter here, a restart would not mend them."""
        state = loop_state(self._parts.house.pulse()).state
        status = HTTPStatus.SERVICE_UNAVAILABLE if state == "failed" else HTTPStatus.OK
        return respond(Answer(status, msgspec.json.encode({"state": state})))

    async def readyz(self, _: web.Request) -> web.Response:
        health = await examine(self._parts)
        return respond(Answer(health.status, msgspec.json.encode({"state": health.state})))

    async def healthz(self, _: web.Request) -> web.Response:
        health = await examine(self._parts)
        return respond(Answer(health.status, msgspec.json.encode(health)))

    async def metrics(self, _: web.Request) -> web.Response:
        from kagami.web.metrics import CONTENT_TYPE, exposition  # noqa: PLC0415 (many engines are never scraped)

        body = exposition(self._parts.meters, self._parts.house.pulse())
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    async def operate(self, request: web.Request) -> web.Response:
        """`POST /api/v1/<topic>/<verb>` by whoever sits at this machine's console."""
        body = await request.read()
        if body and request.content_type != JSON:
            raise web.HTTPUnsupportedMediaType
        name = f"{request.match_info['topic']}.{request.match_info['verb']}"
        return respond(await answer(self._operations, self._parts, CONSOLE, name, body))

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        """A WebSocket: the client names topics, then `Feed` items come until one side closes."""
        channel = web.WebSocketResponse(heartbeat=PING_SECONDS, max_msg_size=LIVE_MESSAGE_BYTES, timeout=CLOSE_SECONDS)
        await channel.prepare(request)
        self._open.add(channel)
        try:
            first = await channel.receive()
            wanted = msgspec.json.decode(first.data, type=Subscription) if first.type is WSMsgType.TEXT else None
        except msgspec.MsgspecError:
            wanted = None
        if wanted is None:
            await channel.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b'say {"topics": [...]} first')
            return channel
        async with asyncio.TaskGroup() as group:
            pushing = group.create_task(self._push(channel, wanted.topics))
            async for _ in channel:  # reading is what notices pings and the end
                pass
            pushing.cancel()
        return channel

    async def _push(self, channel: web.WebSocketResponse, topics: tuple[str, ...]) -> None:
        async with aclosing(feed(self._parts, topics)) as items:
            async for item in items:
                try:
                    await channel.send_str(msgspec.json.encode(item).decode())
                except ClientConnectionResetError:
                    return

    async def close(self, _: web.Application) -> None:
        """Tell the listeners that this engine stops."""
        for channel in list(self._open):
            await channel.close(code=WSCloseCode.GOING_AWAY, message=b"the engine stops")


def respond(told: Answer) -> web.Response:
    return web.Response(status=told.status, body=told.body, headers={"Content-Type": JSON})
