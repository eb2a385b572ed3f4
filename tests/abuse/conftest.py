"""The whole web of an engine over a real store: every route that there is, and people of every kind before it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
import msgspec
import pytest
import pytest_asyncio
from aiohttp import web

from kagami.core.secrets import Secret
from kagami.errors import Conflict
from kagami.meters import Meters
from kagami.operations import registry
from kagami.operations.registry import Operation
from kagami.ports import Parts
from kagami.ports.consoles import Screen, Seat
from kagami.storage.store import open_store
from kagami.testing.clock import FakeClock
from kagami.web.config import WebConfig
from kagami.web.server import WebServer
from tests.people.conftest import PASSWORD, make_desk
from tests.web.doubles import make_parts

OPERATIONS = registry().by_name


class Crowded:
    """Implements `ports.Consoles` and never has room."""

    async def open(self, seat: Seat) -> Screen:
        raise Conflict(reason=f"no room for {seat.who.name}")


class Route(NamedTuple):
    method: str
    pattern: str
    path: str

    @property
    def upgrades(self) -> bool:
        return self.pattern in ("/api/v1/live", "/console")


@dataclass(frozen=True)
class Port:
    """`operator` is at the console's socket; `stranger` comes to the port and shows nothing."""

    server: WebServer
    parts: Parts
    stranger: aiohttp.ClientSession
    operator: aiohttp.ClientSession

    @property
    def own(self) -> str:
        return f"http://127.0.0.1:{self.server.port}"

    def routes(self) -> list[Route]:
        """Everything that the port's router knows, with an address for each of its patterns."""
        site = self.server._site
        assert site is not None
        app = site._visited._app
        assert isinstance(app, web.Application)
        found = [
            Route(route.method, resource.canonical, path)
            for resource in app.router.resources()
            for route in resource
            for path in _paths(resource.canonical)
        ]
        return sorted(set(found))

    async def status(self, route: Route, **headers: str) -> int:
        async with self.stranger.request(
            route.method,
            route.path,
            headers=headers,
            allow_redirects=False,
            data=b"{}" if route.method == "POST" else b"",
        ) as response:
            return response.status

    async def do(self, operation: str, /, **request: Any) -> Any:
        """An operation at the console."""
        path, headers = path_of(OPERATIONS[operation]), {"X-Confirm": "yes"}
        async with self.operator.post(path, json=request, headers=headers) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def token(self, *scopes: str, name: str = "key") -> str:
        made = await self.do("people.token_make", name=name, scopes=list(scopes))
        return str(made["token"])

    async def cookie(self, user: str) -> str:
        """What the browser of somebody holds who has logged in."""
        body, headers = {"user": user, "password": PASSWORD}, {"X-Kagami": "1"}
        async with self.stranger.post("/api/v1/auth/login", json=body, headers=headers) as response:
            assert response.status == 200, await response.text()
            cookies = response.cookies
        self.stranger.cookie_jar.clear()
        return "; ".join(f"{name}={each.value}" for name, each in cookies.items())


def path_of(found: Operation) -> str:
    return f"/api/v1/{found.topic}/{found.verb}"


def least(found: Operation) -> dict[str, Any]:
    """A request that holds what it must, and nothing in it."""
    empty = {"string": "x", "integer": 1, "number": 1, "boolean": False, "array": [], "object": {}}
    schema = msgspec.json.schema(found.request)["$defs"][found.request.__name__]
    fields = {name: schema["properties"][name] for name in schema.get("required", ())}
    return {name: each["enum"][0] if "enum" in each else empty[each["type"]] for name, each in fields.items()}


def _paths(pattern: str) -> list[str]:
    if pattern == "/api/v1/{topic}/{verb}":
        return [path_of(each) for each in OPERATIONS.values()] + ["/api/v1/no/such"]
    if pattern == "/api/v1/auth/{act}":
        return [f"/api/v1/auth/{act}" for act in ("login", "logout", "refresh", "setup")]
    return [pattern.replace("{mark}", "0").replace("{name}", "login.js")]


@asynccontextmanager
async def open_port(folder: Path) -> AsyncIterator[Port]:
    clock, path = FakeClock(), folder / "k.sock"
    async with open_store(":memory:", clock=clock, meters=Meters()) as store:
        parts = make_parts(store=store, people=make_desk(store, clock), clock=clock)
        config = WebConfig(port=0, metrics_token=Secret("m8Qv2KqLr8xWc4Zb7YhJm3Pd"))
        async with (
            WebServer(config, registry(), parts, socket=path, consoles=Crowded()) as server,
            aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as stranger,
            aiohttp.ClientSession("http://localhost", connector=aiohttp.UnixConnector(str(path))) as operator,
        ):
            opened = Port(server, parts, stranger, operator)
            await opened.do("people.add", name="alice", role="admin", password=PASSWORD)
            yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def port(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Port]:
    async with open_port(tmp_path_factory.mktemp("port")) as opened:
        yield opened
