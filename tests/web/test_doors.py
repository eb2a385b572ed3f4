from __future__ import annotations

import os
import sys

import pytest
from aiohttp import ClientSession

from kagami.web import doors
from kagami.web.config import WebConfig
from tests.web.conftest import Serve


async def status(client: ClientSession, host: str, path: str = "/livez") -> int:
    async with client.get(path, headers={"Host": host}) as response:
        return response.status


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5000", "[::1]", "127.9.9.9"])
async def test_our_own_names_are_answered(serve: Serve, host: str) -> None:
    async with serve() as site:
        assert await status(site.outside, host) == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "0.0.0.0", "10.0.0.1", "kagami"])  # noqa: S104
async def test_another_name_is_misdirected_and_told_nothing(serve: Serve, host: str) -> None:
    async with serve() as site, site.outside.get("/healthz", headers={"Host": host}) as response:
        assert (response.status, await response.read()) == (421, b"")


@pytest.mark.parametrize("host", ["a@localhost", "localhost:port", "local host", ""])
async def test_what_is_no_name_is_refused(serve: Serve, host: str) -> None:
    async with serve() as site:
        assert await status(site.outside, host) in (400, 421)


async def test_a_configured_name_is_ours(serve: Serve) -> None:
    async with serve(WebConfig(port=0, hosts=("kagami",))) as site:
        assert await status(site.outside, "kagami:5000") == 200


@pytest.mark.parametrize("path", ["/healthz", "/nowhere"])
async def test_every_answer_is_marked_as_nobodys_page(serve: Serve, path: str) -> None:
    async with serve() as site, site.outside.get(path, headers={"Origin": "https://evil.example"}) as response:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Server"] == "kagami"
        assert "Access-Control-Allow-Origin" not in response.headers


async def test_a_preflight_gets_no_permission(serve: Serve) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    async with serve() as site, site.outside.options("/healthz", headers=headers) as response:
        assert response.status == 405
        assert not [name for name in response.headers if name.startswith("Access-Control")]


async def test_a_missing_path_is_told_as_an_error(serve: Serve) -> None:
    async with serve() as site, site.outside.get("/nowhere") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "NotFound")


async def test_a_wrong_method_names_the_right_one(serve: Serve) -> None:
    async with serve() as site, site.outside.post("/livez") as response:
        assert (response.status, "GET" in response.headers["Allow"]) == (405, True)


@pytest.mark.parametrize(("user", "expected"), [(0, 200), (os.geteuid(), 200), (None, 200), (54_321, 403)])
async def test_the_socket_is_for_its_owner_and_root(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, user: int | None, expected: int
) -> None:
    monkeypatch.setattr(doors, "peer_user", lambda _: user)
    async with serve() as site, site.inside.get("/livez") as response:
        assert response.status == expected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells who is at the other end")
async def test_the_system_tells_who_is_at_the_other_end(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int | None] = []
    ask = doors.peer_user
    monkeypatch.setattr(doors, "peer_user", lambda request: seen.append(ask(request)))
    async with serve() as site, site.inside.get("/livez") as response:
        assert (response.status, seen) == (200, [os.geteuid()])
