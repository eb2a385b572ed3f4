"""Checks before any handler: who may come in, and in which form an error leaves."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterable
from http import HTTPStatus

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from kagami.core.handshake import Rules, check_host, is_loopback
from kagami.errors import Denied
from kagami.model.principal import CONSOLE
from kagami.web.asked import CORS, WHO
from kagami.web.headers import HEADERS
from kagami.web.operations import bare, refusal, respond
from kagami.web.port import Visitor

BODY_SECONDS = 10.0
# Of a body whose sender is not known.
STRANGER_BYTES = 1 << 16
# Without an effect, whoever asks.
HARMLESS = frozenset(("GET", "HEAD", "OPTIONS"))
# What a proxy adds to requests that it passes on.
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Real-IP", "Via")
_CREDENTIALS = struct.Struct("3i")  # `struct ucred` of unix(7): process, user, group


def known_host(demands: Callable[[], Rules]) -> Middleware:
    """Refuse requests for a name that is not ours: a web page can point its own name at this machine."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = check_host(request.headers.getall("Host", []), demands())
        return web.Response(status=refused.status) if refused else await handler(request)

    return check


def known_origin(origins: Iterable[str]) -> Middleware:
    """Refuse what a page of another site does here, before anything else of the request is looked at.

    Only browsers send `Origin`. Our own page's is the address that the request is for; others are in `origins`, and
    these alone are told by CORS headers that they may read the answer. They need a token: cookies are not for them.
    """
    listed = frozenset(each.rstrip("/").lower() for each in origins)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.getall("Origin", [])
        foreign = given and not (len(given) == 1 and _is_own(given[0].lower(), request.host.lower()))
        permitted = bool(foreign) and len(given) == 1 and given[0].lower() in listed
        if foreign and not permitted and _has_effect(request):
            return web.Response(status=HTTPStatus.FORBIDDEN)
        if permitted:
            request[CORS] = given[0]
            if request.method == "OPTIONS":
                return web.Response(status=HTTPStatus.NO_CONTENT)
        return await handler(request)

    return check


def _is_own(origin: str, host: str) -> bool:
    return origin in (f"http://{host}", f"https://{host}")


def _has_effect(request: web.Request) -> bool:
    return request.method not in HARMLESS or "Upgrade" in request.headers


@web.middleware
async def same_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse processes of other users than the engine's own and root, should the socket's mode have let them in."""
    user = peer_user(request)
    if user not in (None, 0, os.geteuid()):
        return respond(refusal(Denied(scope="*")))
    request[WHO] = CONSOLE
    return await handler(request)


def peer_user(request: web.Request) -> int | None:
    """The user id of the process at the other end of a local socket; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    peer = request.get_extra_info("socket")
    _, user, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(user)


def is_near(request: web.Request) -> bool:
    """Whether a program of this machine asks, and not a proxy on it for somebody else."""
    if request.transport is None or any(name in request.headers for name in _PASSED_ON):
        return False
    name = request.transport.get_extra_info("peername")
    return not name or is_loopback(name[0])


@web.middleware
async def whole_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have the body before anybody waits for it: within its time, and a stranger's only when it is short.

    Who is known leaves the crowd of visitors, in which the oldest goes when there are too many.
    """
    known = request.get(WHO) is not None
    if known and isinstance(request.protocol, Visitor):
        request.protocol.know()
    if request.can_read_body:
        if not known:
            _check_length(request.content_length)
        try:
            async with asyncio.timeout(BODY_SECONDS):
                await request.read()
        except TimeoutError:
            raise web.HTTPRequestTimeout from None
    return await handler(request)


def _check_length(length: int | None) -> None:
    """Of a stranger's body, known before it is read."""
    if length is None:
        raise web.HTTPLengthRequired
    if length > STRANGER_BYTES:
        raise web.HTTPRequestEntityTooLarge(STRANGER_BYTES, length)


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the framework's own refusals (no such path, too large, …) the form of every other error."""
    try:
        return await handler(request)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as error:
        status = HTTPStatus(error.status)
        response = respond(bare(status))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        if status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.LENGTH_REQUIRED):
            response.force_close()
        return response


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["Server"] = HEADERS["Server"]
    if CORS in request:
        response.headers["Access-Control-Allow-Origin"] = request[CORS]
        response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, X-Confirm"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST"
        response.headers["Vary"] = "Origin"
