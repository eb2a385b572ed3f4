"""Checks before any handler: who may come in, and in which form an error leaves."""

from __future__ import annotations

import os
import socket
import struct
import sys
from http import HTTPStatus

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from kagami.core.handshake import Rules, check_host
from kagami.errors import Denied
from kagami.web.handlers import respond
from kagami.web.operations import Answer, refusal

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Server": "kagami",
}
_CREDENTIALS = struct.Struct("3i")  # `struct ucred` of unix(7): process, user, group


def known_host(demands: Rules) -> Middleware:
    """Refuse requests for a name that is not ours: a web page can point its own name at this machine."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = check_host(request.headers.getall("Host", []), demands)
        return web.Response(status=refused.status) if refused else await handler(request)

    return check


@web.middleware
async def same_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse processes of other users than the engine's own and root, should the socket's mode have let them in."""
    user = peer_user(request)
    if user not in (None, 0, os.geteuid()):
        return respond(refusal(Denied(scope="*")))
    return await handler(request)


def peer_user(request: web.Request) -> int | None:
    """The user id of the process at the other end of a local socket; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    peer = request.get_extra_info("socket")
    _, user, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
    return int(user)


@web.middleware
async def tell_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Give the framework's own refusals (no such path, too large, …) the form of every other error."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        status = HTTPStatus(error.status)
        told = {"error": {"code": status.phrase.replace(" ", ""), "message": status.phrase}}
        response = respond(Answer(status, msgspec.json.encode(told)))
        if "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]
        return response


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(HEADERS)
