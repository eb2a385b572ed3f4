"""`ports.Control` on an engine in another process, over the home's socket or HTTP."""

from __future__ import annotations

import asyncio
import hmac
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol

import aiohttp
import msgspec

from kagami.errors import EngineAway, KagamiError, Untrusted, WireError
from kagami.log import LogLine
from kagami.model.trace import Trace
from kagami.operations.registry import Registry
from kagami.ports import AuditRow, BotRow, Feed, Notice, Pulse

CONNECT_S = 5.0
# A line on which nothing comes back is given up after one and a half of these, with all that waits on it.
PING_S = 5.0
# Less than the engine keeps an idle connection: it must not be closed while a request is on its way.
IDLE_S = 5.0
LOCAL = "http://localhost"


class LogTail(msgspec.Struct, frozen=True):
    """New log lines, oldest first; `missed` older ones came too fast."""

    lines: list[LogLine]
    missed: int = 0


# What `Feed.value` is, by topic.
ITEMS: dict[str, Any] = {
    "pulse": Pulse,
    "bots": list[BotRow],
    "notice": Notice,
    "logs": LogTail,
    "traces": list[Trace],
    "audit": list[AuditRow],
}

Post = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, bytes]]]
"""A path and a request in; the status and the body of the answer out."""


class Keys(Protocol):
    """What shows who asks: the bearer token, and how to get another one when it is refused."""

    @property
    def token(self) -> str: ...

    async def renew(self, post: Post) -> bool:
        """Whether there is another token now; `KagamiError` tells why there cannot be one."""
        ...


class FixedKey:
    """One token, which nothing renews; empty where none is needed."""

    def __init__(self, token: str = "") -> None:
        self.token = token

    async def renew(self, _: Post) -> bool:
        return False


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
    """Calls operations of the engine at `address`: the path of a local socket, or `http(s)://host:port` and `keys`.

    `tls` is how the certificate of an `https` address is checked; by the system's authorities when it is not given.
    """

    def __init__(
        self,
        operations: Registry,
        address: Path | str,
        *,
        token: str = "",
        keys: Keys | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._operations = operations
        self._address = address
        self._keys = keys or FixedKey(token)
        self._tls = tls
        self._kept: aiohttp.ClientSession | None = None
        self._renewing = asyncio.Lock()

    async def call(self, request: msgspec.Struct) -> Any:
        """The operation's typed answer. Waits as long as the operation takes. Its face has asked where it must."""
        found = self._operations.of(request)
        path, body = f"/api/v1/{found.topic}/{found.verb}", msgspec.json.encode(request)
        shown = self._keys.token
        status, answer = await self._post(path, body, shown)
        if status == HTTPStatus.UNAUTHORIZED and await self._renewed(shown):
            status, answer = await self._post(path, body, self._keys.token)
        if status != HTTPStatus.OK:
            raise rebuild(status, answer)
        return decode(answer, found.answer)

    async def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        """Items as they come; `EngineAway` when the engine stops or the line breaks: connecting again is up to you."""
        try:
            async with self._listen() as channel:
                await channel.send_json({"topics": list(topics)})
                async for message in channel:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        break
                    item = decode(message.data.encode(), FeedItem)
                    yield Feed(item.topic, decode(item.value, ITEMS.get(item.topic, Any)))
        except (aiohttp.ClientError, TimeoutError) as error:
            await self.close()  # what waits for an answer on the same line would wait for ever
            raise self._away(error) from error
        await self.close()
        raise self._away()

    async def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            await kept.close()

    @asynccontextmanager
    async def _listen(self) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        shown = self._keys.token
        try:
            channel = await self._connect(shown)
        except aiohttp.WSServerHandshakeError as error:
            if error.status != HTTPStatus.UNAUTHORIZED or not await self._renewed(shown):
                raise rebuild(error.status, b"") from error
            channel = await self._connect(self._keys.token)
        async with channel:
            yield channel

    async def _connect(self, token: str) -> aiohttp.ClientWebSocketResponse:
        return await self._session().ws_connect(self._url("/api/v1/live"), heartbeat=PING_S, headers=_shown(token))

    async def _renewed(self, refused: str) -> bool:
        async with self._renewing:  # many calls are refused at once, and one renewal serves them all
            if not hmac.compare_digest(self._keys.token.encode(), refused.encode()):
                return True
            return await self._keys.renew(self._plain)

    async def _plain(self, path: str, values: Mapping[str, str]) -> tuple[int, bytes]:
        return await self._post(path, msgspec.json.encode(values), "")

    async def _post(self, path: str, body: bytes, token: str) -> tuple[int, bytes]:
        headers = {"Content-Type": "application/json", "X-Confirm": "yes"} | _shown(token)
        try:
            async with self._session().post(
                self._url(path), data=body, headers=headers, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise self._away(error) from error

    def _session(self) -> aiohttp.ClientSession:
        # Made at first use, because a session belongs to the loop in which it is made.
        if self._kept is None:
            self._kept = aiohttp.ClientSession(
                connector=self._connector(), timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
            )
        return self._kept

    def _connector(self) -> aiohttp.BaseConnector:
        if isinstance(self._address, Path):
            return aiohttp.UnixConnector(str(self._address), keepalive_timeout=IDLE_S)
        return aiohttp.TCPConnector(ssl=self._tls or True, keepalive_timeout=IDLE_S)

    def _url(self, path: str) -> str:
        return (LOCAL if isinstance(self._address, Path) else self._address.rstrip("/")) + path

    def _away(self, error: Exception | None = None) -> EngineAway:
        if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
            return Untrusted(address=self._address, reason=str(error.__cause__ or error))
        return EngineAway(address=self._address)


def _shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


def decode(body: bytes | msgspec.Raw, kind: Any) -> Any:
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
