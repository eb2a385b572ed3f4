"""A server on loopback for what goes out by HTTP, under names that a table resolves."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Self

from aiohttp import web
from aiohttp.test_utils import TestServer

from kagami.net.http import HttpReach
from kagami.net.trip import MEGABYTE
from kagami.ports import Http

NAMES = {"api.test": ["127.0.0.1"], "other.test": ["127.0.0.1"], "home.test": ["127.0.0.1"], "v6.test": ["::1"]}
ALLOWED = ("api.test", "other.test")


class House:
    """A server that writes down what it is asked, and what reaches it. `looked_up` are the names that were resolved."""

    def __init__(self) -> None:
        self.asked: list[web.BaseRequest] = []
        self.looked_up: list[str] = []
        self.names = dict(NAMES)
        self.closed = asyncio.Event()
        self._server = TestServer(_application(self))
        self._reaches: list[HttpReach] = []

    async def __aenter__(self) -> Self:
        await self._server.start_server()
        return self

    async def __aexit__(self, *_: object) -> None:
        for reach in self._reaches:
            await reach.__aexit__(None, None, None)
        await self._server.close()

    @property
    def port(self) -> int:
        return self._server.port or 0

    def url(self, path: str, host: str = "api.test") -> str:
        return f"http://{host}:{self.port}{path}"

    def reach(self, *, private: tuple[str, ...] = ALLOWED, **options: Any) -> HttpReach:
        reach = HttpReach(private=private, lookup=self._look_up, **options)
        self._reaches.append(reach)
        return reach

    def http(self, *words: str, **options: Any) -> Http:
        return self.reach(**options).of("p", words or ("http:*",))

    async def _look_up(self, host: str, _port: int) -> list[str]:
        self.looked_up.append(host)
        if host not in self.names:
            raise OSError(f"{host} is not known")
        return self.names[host]


def _application(house: House) -> web.Application:
    async def tell(request: web.Request) -> web.StreamResponse:
        await request.read()
        house.asked.append(request)
        return await PLACES[request.path](house, request)

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", tell)
    return application


async def _echo(_house: House, request: web.Request) -> web.StreamResponse:
    body = {"method": request.method, "body": await request.text(), "query": dict(request.query)}
    return web.json_response(body | {"headers": {key.lower(): value for key, value in request.headers.items()}})


async def _cookie(_house: House, _request: web.Request) -> web.StreamResponse:
    answer = web.Response(status=418, text="短")
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer


async def _redirect(_house: House, request: web.Request) -> web.StreamResponse:
    return web.Response(status=int(request.query.get("status", "302")), headers={"Location": request.query["to"]})


@cache
def bomb() -> bytes:
    return gzip.compress(bytes(64 * MEGABYTE), 1)


async def _bomb(_house: House, _request: web.Request) -> web.StreamResponse:
    return web.Response(body=bomb(), headers={"Content-Encoding": "gzip"})


async def _stream(_house: House, _request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    await answer.prepare(_request)
    for _ in range(40):
        await answer.write(bytes(MEGABYTE // 10))
    return answer


async def _large(_house: House, _request: web.Request) -> web.StreamResponse:
    return web.Response(body=bytes(range(256)) * 4096 * 3)


async def _silent(house: House, request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "100"})
    await answer.prepare(request)
    await answer.write(b"half")
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        house.closed.set()
    return answer


async def _broken(_house: House, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


PLACES: dict[str, Callable[[House, web.Request], Awaitable[web.StreamResponse]]] = {
    "/echo": _echo,
    "/cookie": _cookie,
    "/redirect": _redirect,
    "/bomb": _bomb,
    "/stream": _stream,
    "/large": _large,
    "/silent": _silent,
    "/broken": _broken,
}
