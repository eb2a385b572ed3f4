"""The live feed as a WebSocket: a reader names topics, then items come until one side closes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing, suppress
from dataclasses import replace
from weakref import WeakSet

import msgspec
from aiohttp import ClientConnectionResetError, WSCloseCode, WSMsgType, web

from kagami.core.scopes import allowed
from kagami.errors import KagamiError, Unauthorized
from kagami.model.principal import CONSOLE, Principal
from kagami.ports import Parts
from kagami.ports.attendance import Face
from kagami.web.live import SCOPES, Subscription, feed

LIVE_MESSAGE_BYTES = 1 << 14
PING_SECONDS = 20.0
CLOSE_SECONDS = 1.0
# A reader that has not said by then what it wants is none.
FIRST_SECONDS = 10.0
# How often is asked whether the reader's rights go on.
AGAIN_SECONDS = 3.0

Ask = Callable[[web.Request], Awaitable[Principal]]
"""Who a request is from, asked anew; `Unauthorized` when that is nobody any more."""

_SOMEBODY = Principal("unknown", "")


class Listening:
    """The readers of one door. `ask` is how it knows them."""

    def __init__(self, parts: Parts, ask: Ask) -> None:
        self._parts = parts
        self._ask = ask
        self._open: WeakSet[web.WebSocketResponse] = WeakSet()

    async def live(self, request: web.Request) -> web.WebSocketResponse:
        channel = web.WebSocketResponse(heartbeat=PING_SECONDS, max_msg_size=LIVE_MESSAGE_BYTES, timeout=CLOSE_SECONDS)
        await channel.prepare(request)
        self._open.add(channel)
        wishes = await _first(channel)
        if wishes is None:
            await channel.close(code=WSCloseCode.UNSUPPORTED_DATA, message=b'say {"topics": [...]} first')
        elif not await self._refused(channel, request, wishes):
            async with asyncio.TaskGroup() as group:
                jobs = [
                    group.create_task(self._push(channel, request, wishes)),
                    group.create_task(self._watch(channel, request, wishes)),
                ]
                async for _ in channel:  # reading is what notices pings and the end
                    pass
                for each in jobs:
                    each.cancel()
        return channel

    async def _refused(self, channel: web.WebSocketResponse, request: web.Request, wishes: Subscription) -> bool:
        """Close the channel, with the reason, when its reader may not hear this, or not any more."""
        try:
            who = await self._ask(request)
        except Unauthorized as error:
            reason = error.text()
        except KagamiError:
            return False  # that it cannot be known now ends nothing
        else:
            missing = [SCOPES[topic] for topic in wishes.topics if not allowed(who, SCOPES[topic])]
            if not missing:
                return False
            reason = f"this needs the right {missing[0]}"
        await channel.close(code=WSCloseCode.POLICY_VIOLATION, message=reason.encode()[:120])
        return True

    async def _watch(self, channel: web.WebSocketResponse, request: web.Request, wishes: Subscription) -> None:
        while not await self._refused(channel, request, wishes):
            await self._parts.clock.sleep(AGAIN_SECONDS)

    async def _push(self, channel: web.WebSocketResponse, request: web.Request, wishes: Subscription) -> None:
        who = await self._known(request)
        face: Face = "console" if who.kind == CONSOLE.kind else "feed"
        with self._parts.attendance.enter(who, face) as presence, suppress(ClientConnectionResetError):
            try:
                async with aclosing(feed(replace(self._parts, who=who), wishes.topics, wishes)) as items:
                    async for item in items:
                        text = msgspec.json.encode(item).decode()
                        presence.sent(len(text))
                        await channel.send_str(text)
            except KagamiError as error:  # what is looked at is away for now: the reader comes again
                await channel.close(code=WSCloseCode.TRY_AGAIN_LATER, message=error.text().encode()[:120])

    async def _known(self, request: web.Request) -> Principal:
        """Who reads; nobody when that cannot be told now."""
        try:
            return await self._ask(request)
        except KagamiError:
            return _SOMEBODY

    async def close(self, _: web.Application) -> None:
        """Tell the readers that this engine stops."""
        for channel in list(self._open):
            await channel.close(code=WSCloseCode.GOING_AWAY, message=b"the engine stops")


async def _first(channel: web.WebSocketResponse) -> Subscription | None:
    try:
        first = await channel.receive(FIRST_SECONDS)
        return msgspec.json.decode(first.data, type=Subscription) if first.type is WSMsgType.TEXT else None
    except (TimeoutError, msgspec.MsgspecError):
        return None
