"""The OneBot 11 port: accepts the WebSockets of implementations and of applications, and hands each to its host."""

from __future__ import annotations

import hmac
from functools import partial
from http import HTTPStatus
from types import TracebackType
from typing import Self, cast

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from kagami import log
from kagami.core.handshake import Refusal, Rules, Visitor, Welcome, check, rules
from kagami.errors import HandshakeRefused
from kagami.gateway.config import GatewayConfig
from kagami.gateway.door import Door, Strangers
from kagami.gateway.office import Office
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

    `token` is what peers must know; the one of the configuration may be empty and is not read here. Applications are
    let in by an `office`, with tokens of their own.
    """

    def __init__(
        self,
        config: GatewayConfig,
        *,
        token: str,
        reception: Reception,
        nursery: Nursery,
        meters: Meters,
        office: Office | None = None,
    ) -> None:
        self._config = config
        self._office = office
        self._rules = _rules(config, token)
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
        self._server = await self._listen(self._config.host, self._config.port)
        self._meters.gauge.setdefault("gateway_connections", 0)
        self._tell_open()
        return self

    async def configure(self, config: GatewayConfig, *, token: str) -> None:
        """Go on with other settings. What listens elsewhere is opened before what listened here is closed; an
        `OSError` when that cannot be, and everything is as it was. Who came with another token has to come again.
        """
        moved = _moved(self._config, config)
        strange = not hmac.compare_digest(_rules(config, token).token, self._rules.token)
        before = self._server
        if moved and before is not None:
            self._server = await self._move(before, config)
        self._config, self._rules = config, _rules(config, token)
        if moved and before is not None:
            self._tell_open()
            await _end(before)
        elif strange and before is not None:
            for peer in list(before.connections):
                await peer.close(RESTARTING, "the token was changed")

    async def _move(self, before: Server, config: GatewayConfig) -> Server:
        """A server at another address. Of two on one port only one can listen: then the old one stops to, and listens
        again when the new one cannot.
        """
        port = self.port
        if config.port != port:
            return await self._listen(config.host, config.port)
        before.server.close()
        try:
            return await self._listen(config.host, config.port)
        except OSError:
            self._server = await self._listen(self._config.host, port)
            await _end(before)
            raise

    def _tell_open(self) -> None:
        _say.info("listening", host=self._config.host, port=self.port)
        if self._config.query_token:
            _say.warning("tokens are accepted in addresses, where proxies may log them (gateway.query_token)")

    async def _listen(self, host: str, port: int) -> Server:
        return await serve(
            self._handle,
            host,
            port,
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

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._strangers.turn_all_away()
            await _end(self._server)

    async def _judge(self, connection: ServerConnection, request: Request) -> Response | None:
        demands = self._rules._replace(workers=self._office.keys) if self._office else self._rules
        verdict = check(list(request.headers.raw_items()), request.path, demands)
        if not isinstance(verdict, Refusal):
            try:
                await self._admit(verdict)
            except HandshakeRefused as refused:
                verdict = Refusal(int(str(refused.details["status"])), str(refused.details["reason"]))
            else:
                cast("Door", connection).welcome = verdict
                return None
        return self._refuse(connection, verdict)

    async def _admit(self, verdict: Welcome | Visitor) -> None:
        if isinstance(verdict, Welcome):
            await self._reception.admit(verdict)
        elif self._office is not None:
            await self._office.admit(verdict)

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
        who = welcome.account if isinstance(welcome, Welcome) else welcome.worker
        _say.info("peer came", peer=channel.peer, account=who, agent=welcome.agent)
        try:
            if isinstance(welcome, Welcome):
                await self._reception.serve(channel, welcome)
            elif self._office is not None:
                if (patience := self._office.patience_with(welcome)) is not None:
                    channel.be_patient(patience)
                await self._office.serve(channel, welcome)
        except EOFError as ending:
            _say.info("peer left", peer=channel.peer, account=who, reason=str(ending))
        finally:
            self._meters.gauge["gateway_connections"] -= 1


def _rules(config: GatewayConfig, token: str) -> Rules:
    return rules(config.host, token, hosts=config.hosts, origins=config.origins, query_token=config.query_token)


def _moved(before: GatewayConfig, after: GatewayConfig) -> bool:
    return (before.host, before.port) != (after.host, after.port)


async def _end(server: Server) -> None:
    server.close(code=RESTARTING, reason="the gateway stops")
    await server.wait_closed()
