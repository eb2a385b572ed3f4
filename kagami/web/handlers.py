"""What is answered to a request, whichever door it came through."""

from __future__ import annotations

import hmac
from functools import cached_property, partial
from http import HTTPStatus

import msgspec
from aiohttp import web

from kagami.core.handshake import digest
from kagami.core.passes import digest_of
from kagami.core.scopes import allowed
from kagami.errors import ConfirmationNeeded, KagamiError, Unauthorized
from kagami.i18n import mark
from kagami.model.principal import Principal
from kagami.operations.questions import told_before
from kagami.operations.registry import Operation, Registry
from kagami.ports import Parts
from kagami.web.asked import PASS, WHO
from kagami.web.config import WebConfig
from kagami.web.doors import is_near
from kagami.web.health import examine, loop_state
from kagami.web.operations import JSON, Answer, answer, read_request, refusal, respond

CONFIRM = "X-Confirm"
HEALTH_SCOPE = "system:read"


class Handlers:
    """Handlers over one engine's parts. Doors put the `Principal` who asks into `request[WHO]`."""

    def __init__(self, config: WebConfig, operations: Registry, parts: Parts) -> None:
        self._operations = operations
        self._parts = parts
        token = config.metrics_token.reveal()
        self._metrics_token = digest(token) if token else b""

    def health_routes(self) -> list[web.RouteDef]:
        """What probes ask: anybody is told whether it is well, and who may know it is told more."""
        return [
            web.get("/livez", self.livez),
            web.get("/readyz", self.readyz),
            web.get("/healthz", self.healthz),
            web.get("/metrics", self.metrics),
        ]

    def operator_routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/v1/{topic}/{verb}", self.operate),
            web.get("/api/v1/openapi.json", self.describe),
        ]

    async def livez(self, _: web.Request) -> web.Response:
        """That the loop turns; the store and the bots do not matter here, a restart would not mend them."""
        state = loop_state(self._parts.house.pulse()).state
        status = HTTPStatus.SERVICE_UNAVAILABLE if state == "failed" else HTTPStatus.OK
        return respond(Answer(status, msgspec.json.encode({"state": state})))

    async def readyz(self, _: web.Request) -> web.Response:
        """That it takes events: not while it stops."""
        health = await examine(self._parts)
        return respond(Answer(health.status, msgspec.json.encode({"state": health.state})))

    async def healthz(self, request: web.Request) -> web.Response:
        """Each component for who may know; the state alone for everybody else."""
        health = await examine(self._parts)
        told = health if self._may_look(request) else {"state": health.state}
        return respond(Answer(health.status, msgspec.json.encode(told)))

    async def metrics(self, request: web.Request) -> web.Response:
        if not self._may_scrape(request):
            reason = mark("metrics are for this machine, or for who has web.metrics_token")
            return respond(refusal(Unauthorized(reason=reason)))
        from kagami.web.metrics import (  # noqa: PLC0415 (many engines are never scraped)
            CONTENT_TYPE,
            exposition,
            readings_of,
        )

        body = exposition(readings_of(self._parts))
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE})

    def _may_look(self, request: web.Request) -> bool:
        who = request.get(WHO)
        return is_near(request) if who is None else allowed(who, HEALTH_SCOPE)

    def _may_scrape(self, request: web.Request) -> bool:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        if self._metrics_token:
            who = request.get(WHO)
            known = who is not None and allowed(who, HEALTH_SCOPE)
            return known or hmac.compare_digest(digest(given), self._metrics_token)
        return self._may_look(request)

    async def operate(self, request: web.Request) -> web.Response:
        """`POST /api/v1/<topic>/<verb>` by whoever the door knows."""
        body = await request.read()
        if body and request.content_type != JSON:
            raise web.HTTPUnsupportedMediaType
        name = f"{request.match_info['topic']}.{request.match_info['verb']}"
        return respond(await self._answer(request, name, body))

    async def _answer(self, request: web.Request, name: str, body: bytes) -> Answer:
        who, shown = request.get(WHO), request.get(PASS)
        try:
            if who is None or (shown is not None and shown.body != digest_of(body)):
                raise Unauthorized(reason=mark("this address needs a token"))
            found = self._operations.find(name)
            if found.asks and request.headers.get(CONFIRM) != "yes" and allowed(who, found.scope):
                raise await self._unconfirmed(who, found, body)
        except KagamiError as error:
            return refusal(error)
        return await answer(self._operations, self._parts, who, name, body, passed_on=shown is not None)

    async def _unconfirmed(self, who: Principal, found: Operation, body: bytes) -> ConfirmationNeeded:
        """What a face has to show to a person is in its details, a line each."""
        wanted = read_request(found.request, body)
        told = await told_before(found, wanted, partial(self._operations.call, self._parts, who))
        return ConfirmationNeeded(what=found.text, told="\n".join(f"{name}: {value}" for name, value in told))

    async def describe(self, _: web.Request) -> web.Response:
        """The whole interface in OpenAPI 3.1."""
        return respond(Answer(HTTPStatus.OK, self._description))

    @cached_property
    def _description(self) -> bytes:
        from kagami.web.openapi import describe  # noqa: PLC0415 (asked for seldom)

        return msgspec.json.encode(describe(self._operations))
