"""Operations that only the process which has an account can do, asked of it by the one to which somebody came."""

from __future__ import annotations

import asyncio
import secrets
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from kagami.core.handshake import is_loopback
from kagami.core.passes import NOT_HERE, Gate, Pass, digest_of, seal
from kagami.errors import DoneElsewhere, KagamiError, NotReached, Unauthorized
from kagami.model.principal import Principal
from kagami.operations.registry import Registry
from kagami.ports import NodeRow

if TYPE_CHECKING:
    from kagami.cluster.membership import Membership
    from kagami.config import Settings
    from kagami.engine.tools import Tools
    from kagami.web.server import WebServer

# Longer than the longest step of a login is waited for.
CONNECT_S, ANSWER_S = 3.0, 90.0
SCHEME = "Kagami"
POSTGRES_PORT = 5432


class Calling:
    """Implements `ports.Calls` over HTTP. `reach` is where this process is called, as `follow_reach` knows it."""

    def __init__(self, operations: Registry, member: Membership, key: bytes) -> None:
        self._operations = operations
        self._member = member
        self._key = key
        self._gate = Gate(member.node, key)
        self.node = member.node
        self.reach = ""

    def admit(self, text: str, operation: str) -> Pass:
        shown = self._gate.admit(text, operation, self._member.wall_ms())
        if shown is None:
            raise Unauthorized(reason=NOT_HERE)
        return shown

    async def all(self, who: Principal, request: msgspec.Struct, seconds: float) -> list[Any]:
        member = self._member
        living = [row.node for row in member.living("all", "gateway", "worker") if row.state.reach]
        asked = [self.call(node, who, request, seconds=seconds) for node in living if node != self.node]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for each in answers:
            if isinstance(each, BaseException) and not isinstance(each, KagamiError):
                raise each
        return [each for each in answers if not isinstance(each, KagamiError)]

    async def call(self, node: str, who: Principal, request: msgspec.Struct, *, seconds: float = ANSWER_S) -> Any:
        import aiohttp  # noqa: PLC0415 (asked for seldom)

        from kagami.client import decode, rebuild  # noqa: PLC0415

        other = next((each for each in self._member.rows if each.node == node), None)
        if other is None or not other.state.reach:
            raise DoneElsewhere(node=node)
        found, body = self._operations.of(request), msgspec.json.encode(request)
        url = f"{other.state.reach}/api/v1/{found.topic}/{found.verb}"
        patience = aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.post(
                    url, data=body, headers=self._headers(other, who, found.name, body), allow_redirects=False
                ) as response,
            ):
                status, answer = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise NotReached(what=node, reason=str(error) or type(error).__name__) from error
        if status == HTTPStatus.UNAUTHORIZED:  # nobody else than this process would have to log in
            raise NotReached(what=node, reason=NOT_HERE)
        if status != HTTPStatus.OK:
            raise rebuild(status, answer)
        return decode(answer, found.answer)

    def _headers(self, other: NodeRow, who: Principal, operation: str, body: bytes) -> dict[str, str]:
        shown = Pass(
            to=other.node,
            operation=operation,
            body=digest_of(body),
            who=who,
            at_ms=self._member.wall_ms(),
            nonce=secrets.token_urlsafe(12),
        )
        # Its face has asked where it must.
        return {
            "Authorization": f"{SCHEME} {seal(shown, self._key)}",
            "Content-Type": "application/json",
            "X-Confirm": "yes",
        }


async def follow_reach(tools: Tools, server: WebServer, calling: Calling) -> None:
    """Let the others know where this process is called, also after its port has moved."""

    async def look(now: Settings) -> None:
        calling.reach = await reach_of(now.web.host, server.port, now.database)

    await look(tools.live.current)
    tools.live.on(("web.host", "web.port"), look)


async def reach_of(host: str, port: int, database: str) -> str:
    """Where other processes on this database find what listens on `host`: on every address, it is that from which the
    database is reached. Empty when there is none, as for one that listens to its own machine alone while the database
    is on another.
    """
    server = urlsplit(database)
    seen = await _seen_by(server.hostname or "127.0.0.1", server.port or POSTGRES_PORT)
    if is_loopback(host):
        host = host if is_loopback(seen) else ""
    elif _is_everywhere(host):
        host = seen
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}" if host else ""


def _is_everywhere(host: str) -> bool:
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


async def _seen_by(host: str, port: int) -> str:
    """This machine's own address on the way there; nothing is sent."""
    try:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            asyncio.DatagramProtocol, remote_addr=(host, port)
        )
    except OSError:
        return ""
    try:
        return str(transport.get_extra_info("sockname")[0])
    finally:
        transport.close()
