"""The OneBot 11 port: accepts the WebSockets of implementations and hands each to the reception."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Self, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from kagami import log
from kagami.core.handshake import Refusal, Welcome, check, rules
from kagami.errors import HandshakeRefused
from kagami.gateway.config import GatewayConfig
from kagami.gateway.door import Door, Strangers
from kagami.meters import Meters
from kagami.net.channel import CLOSE_SECONDS, MAX_FRAME_BYTES, Channel, show_address
from kagami.net.supervise import Nursery
from kagami.ports import Reception

OPEN_SECONDS = 10.0
PING_SECONDS = 20.0
BACKLOG = 1024
RESTARTING = 1012

_say = log.get("gateway")


class Gateway:
    """`async with Gateway(...)` listens; on leaving, every peer is told 1012 and the port is free again.

    `token` is what peers must know; the one of the configuration may be empty and is not read here.
    """

    def __init__(
        self, config: GatewayConfig, *, token: str, reception: Reception, nursery: Nursery, meters: Meters
    ) -> None:
        self._config = config
        self._rules = rules(
            config.host, token, hosts=config.hosts, origins=config.origins, query_token=config.query_token
        )
        self._reception = reception
        self._nursery = nursery
        self._meters = meters
        self._strangers = Strangers()
        self._server: Server | None = None

    @property
    def port(self) -> int:
        """The port that is listened on, also when the configuration asked for any."""
        if self._server is None:
            return self._config.port
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    @property
    def strangers(self) -> int:
        """Connections whose request is not judged yet."""
        return len(self._strangers)

    async def __aenter__(self) -> Self:
        self._server = await serve(
            self._handle,
            self._config.host,
            self._config.port,
            process_request=self._judge,
            process_response=Door.after_judgement,
            create_connection=cast("type[ServerConnection]", partial(Door, self._strangers)),
            compression=None,
            server_header=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_size=MAX_FRAME_BYTES,
            backlog=BACKLOG,
        )
        _say.info("listening", host=self._config.host, port=self.port)
        if self._config.query_token:
            _say.warning("tokens are accepted in addresses, where proxies may log them (gateway.query_token)")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close(code=RESTARTING, reason="the gateway stops")
            self._strangers.turn_all_away()
            await self._server.wait_closed()

    async def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        verdict = check(list(request.headers.raw_items()), request.path, self._rules)
        if isinstance(verdict, Welcome):
            try:
                await self._reception.admit(verdict)
            except HandshakeRefused as refused:
                verdict = Refusal(int(str(refused.details["status"])), str(refused.details["reason"]))
            else:
                cast("Door", connection).welcome = verdict
                return None
        return self._refuse(connection, verdict)

    def _refuse(self, connection: ServerConnection, refusal: Refusal) -> Response:
        self._meters.count["gateway_refused", str(refusal.status)] += 1
        peer = show_address(connection.remote_address)
        _say.warning("connection refused", peer=peer, status=refusal.status, reason=refusal.reason)
        # A page that came by a rebound name learns nothing, not even that Kagami is here.
        text = "" if refusal.status == HTTPStatus.MISDIRECTED_REQUEST else f"{refusal.reason}\n"
        return connection.respond(refusal.status, text)

    async def _handle(self, connection: ServerConnection) -> None:
        welcome = cast("Door", connection).welcome
        channel = Channel(connection, nursery=self._nursery, meters=self._meters)
        self._meters.gauge["gateway_connections"] = self._meters.gauge.get("gateway_connections", 0) + 1
        _say.info("peer came", peer=channel.peer, account=welcome.account, agent=welcome.agent)
        try:
            await self._reception.serve(channel, welcome)
        except EOFError as ending:
            _say.info("peer left", peer=channel.peer, account=welcome.account, reason=str(ending))
        finally:
            self._meters.gauge["gateway_connections"] -= 1
