from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession

from kagami.web import doors
from kagami.web.config import WebConfig
from kagami.web.headers import HEADERS
from tests.web.conftest import Serve
from tests.web.doubles import StillHouse

JSON = {"Content-Type": "application/json"}


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
    async with serve() as site, site.known.options("/healthz", headers=headers) as response:
        assert response.status == 405
        assert not [name for name in response.headers if name.startswith("Access-Control")]


async def test_a_missing_path_is_told_as_an_error(serve: Serve) -> None:
    async with serve() as site, site.known.get("/nowhere") as response:
        assert (response.status, (await response.json())["error"]["code"]) == (404, "NotFound")


async def test_a_wrong_method_names_the_right_one(serve: Serve) -> None:
    async with serve() as site, site.known.post("/livez") as response:
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


EVIL = ["https://evil.example", "null", "http://127.0.0.1:9999", "http://localhost.evil.example", "http://localhost"]


@pytest.mark.parametrize("origin", EVIL)
@pytest.mark.parametrize("path", ["/api/v1/bots/list", "/api/v1/auth/login", "/nowhere"])
async def test_a_page_of_another_site_changes_nothing_whatever_it_shows(serve: Serve, origin: str, path: str) -> None:
    async with serve() as site, site.known.post(path, json={}, headers={"Origin": origin}) as response:
        assert (response.status, await response.read()) == (403, b"")
        assert not [name for name in response.headers if name.startswith("Access-Control")]


async def test_our_own_page_may_ask(serve: Serve) -> None:
    async with serve() as site:
        own = f"http://127.0.0.1:{site.server.port}"
        async with site.known.post("/api/v1/bots/list", json={}, headers={"Origin": own}) as response:
            assert (response.status, "Access-Control-Allow-Origin" in response.headers) == (200, False)


async def test_a_listed_page_may_ask_with_a_token_and_is_told_so(serve: Serve) -> None:
    page = "https://panel.example"
    async with serve(WebConfig(port=0, origins=(page,))) as site:
        headers = {"Origin": page, "Access-Control-Request-Method": "POST"}
        async with site.outside.options("/api/v1/bots/list", headers=headers) as response:
            assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (204, page)
            assert "Access-Control-Allow-Credentials" not in response.headers
        async with site.known.post("/api/v1/bots/list", json={}, headers={"Origin": page}) as response:
            assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (200, page)


async def test_two_origins_are_none_of_ours(serve: Serve) -> None:
    page = "https://panel.example"
    async with serve(WebConfig(port=0, origins=(page,))) as site:
        headers = [("Origin", page), ("Origin", "https://evil.example")]
        async with site.known.post("/api/v1/bots/list", json={}, headers=headers) as response:
            assert response.status == 403


@pytest.mark.parametrize("path", ["/livez", "/healthz", "/metrics", "/nowhere", "/api/v1/bots/list", "/api/v1/live"])
async def test_every_answer_has_every_header(serve: Serve, path: str) -> None:
    async with serve() as site:
        for client in (site.outside, site.known, site.inside):
            async with client.get(path) as response:
                assert {name: response.headers.get(name) for name in HEADERS} == HEADERS


async def test_a_body_that_does_not_come_is_not_waited_for(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "BODY_SECONDS", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(60)

    async with serve() as site, site.known.post("/api/v1/bots/list", data=drip(), headers=JSON) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (408, "RequestTimeout")


@pytest.mark.parametrize(("size", "status"), [(1 << 16, 400), ((1 << 16) + 1, 413)])
async def test_a_strangers_body_is_short(serve: Serve, size: int, status: int) -> None:
    body = b'"' + b"x" * (size - 2) + b'"'
    async with serve() as site, site.outside.post("/api/v1/auth/login", data=body, headers=JSON) as response:
        assert response.status == status


async def test_a_stranger_says_how_long_its_body_is(serve: Serve) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b"{}"

    async with serve() as site, site.outside.post("/api/v1/auth/login", data=parts(), headers=JSON) as response:
        assert response.status == 411


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", b"{}"),
        ("application/x-www-form-urlencoded", b"reason=x"),
        ("multipart/form-data; boundary=x", b"--x--"),
    ],
)
async def test_what_a_form_can_send_is_no_request(serve: Serve, kind: str, body: bytes) -> None:
    house = StillHouse()
    headers = {"Content-Type": kind, "X-Confirm": "yes"}
    async with (
        serve(house=house) as site,
        site.known.post("/api/v1/system/stop", data=body, headers=headers) as response,
    ):
        assert (response.status, house.stopped) == (415, "")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE"])
async def test_only_a_post_does_anything(serve: Serve, method: str) -> None:
    house = StillHouse()
    async with (
        serve(house=house) as site,
        site.known.request(method, "/api/v1/system/stop", headers={"X-Confirm": "yes"}) as response,
    ):
        assert (response.status, house.stopped) == (405, "")
