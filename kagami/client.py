"""`ports.Control` on an engine in another process, over the home's socket or HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from kagami.errors import EngineAway, KagamiError, WireError
from kagami.operations.registry import Registry
from kagami.ports import BotRow, Feed, Notice, Pulse

CONNECT_S = 5.0
PING_S = 20.0
LOCAL = "http://localhost"

# What `Feed.value` is, by topic.
ITEMS: dict[str, Any] = {"pulse": Pulse, "bots": list[BotRow], "notice": Notice}


class Told(msgspec.Struct, frozen=True):
    """An error as the engine tells it."""

    code: str
    message: str
    details: dict[str, str] = {}


class ErrorBody(msgspec.Struct, frozen=True):
    error: Told


class FeedItem(msgspec.Struct, frozen=True):
    topic: str
    value: msgspec.Raw


class HttpControl:
    """Calls operations of the engine at `address`: the path of a local socket, or `http(s)://host:port` and a token."""

    def __init__(self, operations: Registry, address: Path | str, *, token: str = "") -> None:
        self._operations = operations
        self._address = address
        self._token = token
        self._kept: aiohttp.ClientSession | None = None

    async def call(self, request: msgspec.Struct) -> Any:
        """The operation's typed answer. Waits as long as the operation takes."""
        found = self._operations.of(request)
        body = msgspec.json.encode(request)
        status, answer = await self._fetch("POST", f"/api/v1/{found.topic}/{found.verb}", body)
        if status != HTTPStatus.OK:
            raise rebuild(status, answer)
        return _decode(answer, found.answer)

    async def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        """Items as they come; `EngineAway` when the engine stops or the line breaks: connecting again is up to you."""
        try:
            async with self._session().ws_connect(self._url("/api/v1/live"), heartbeat=PING_S) as channel:
                await channel.send_json({"topics": list(topics)})
                async for message in channel:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    item = _decode(message.data.encode(), FeedItem)
                    yield Feed(item.topic, _decode(item.value, ITEMS.get(item.topic, Any)))
        except aiohttp.ClientError as error:
            raise self._away() from error
        raise self._away()

    async def close(self) -> None:
        if self._kept is not None:
            await self._kept.close()

    async def _fetch(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json"} if body else {}
        try:
            async with self._session().request(method, self._url(path), data=body, headers=headers) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._away() from error

    def _session(self) -> aiohttp.ClientSession:
        # Made at first use, because a session belongs to the loop in which it is made.
        if self._kept is None:
            local = isinstance(self._address, Path)
            self._kept = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(str(self._address)) if local else None,
                headers={"Authorization": f"Bearer {self._token}"} if self._token else None,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S),
            )
        return self._kept

    def _url(self, path: str) -> str:
        return (LOCAL if isinstance(self._address, Path) else self._address.rstrip("/")) + path

    def _away(self) -> EngineAway:
        return EngineAway(address=self._address)


def _decode(body: bytes | msgspec.Raw, kind: Any) -> Any:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise WireError(reason=f"the engine is of another version: {error}") from error


def rebuild(status: int, body: bytes) -> KagamiError:
    """The engine's error again, of its own class where this version has one."""
    try:
        told = msgspec.json.decode(body, type=ErrorBody).error
    except msgspec.MsgspecError:
        return KagamiError(reason=f"the engine answered with HTTP status {status}")
    known = {each.__name__: each for each in _family(KagamiError)}
    try:
        return known.get(told.code, KagamiError)(**told.details)
    except KeyError:  # a template that needs what this engine did not tell
        return KagamiError(reason=told.message)


def _family(kind: type[KagamiError]) -> Iterator[type[KagamiError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _family(each)
