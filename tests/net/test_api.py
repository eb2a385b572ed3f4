"""A platform's HTTP interface, over real sockets."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from kagami.errors import NotReached, PrivateAddress, Refused, Unavailable
from kagami.net.api import Api, Part, write_form


async def echo(request: web.Request) -> web.Response:
    if request.content_type == "multipart/form-data":
        form = await request.post()
        file = form["file"]
        assert isinstance(file, web.FileField)
        return web.json_response({"file": file.file.read().decode(), "name": file.filename, "kind": form["kind"]})
    said = await request.text()
    return web.json_response({"path": request.path_qs, "said": said, "key": request.headers.get("X-Key")})


async def hang_up(request: web.Request) -> web.Response:
    assert request.transport
    request.transport.close()
    return web.Response()


async def lead_on(request: web.Request) -> web.Response:
    raise web.HTTPTemporaryRedirect("/api/elsewhere")


@pytest.fixture
async def base() -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/hang-up", hang_up)
    app.router.add_route("*", "/lead-on", lead_on)
    app.router.add_route("*", "/{rest:.*}", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    await runner.cleanup()


async def test_a_call_is_below_the_base_with_the_accounts_headers(base: str) -> None:
    async with Api(base, headers={"X-Key": "k"}) as api:
        answer = await api.call("POST", "/send", params={"a": "1"}, json={"b": 2})
    assert answer.json() == {"path": "/api/send?a=1", "said": '{"b":2}', "key": "k"}


async def test_a_file_is_sent_as_a_form(base: str) -> None:
    parts = (Part("file", "内容".encode(), "图.png", "image/png"), Part("kind", b"image"))
    async with Api(base) as api:
        answer = await api.call("POST", "/upload", form=parts)
    assert answer.json() == {"file": "内容", "name": "图.png", "kind": "image"}


def test_a_name_cannot_leave_its_line() -> None:
    body, kind = write_form([Part('x"\r\nEvil: 1', b"")], boundary="b")
    assert b"\r\nEvil" not in body
    assert kind == "multipart/form-data; boundary=b"


async def test_who_is_not_there_was_not_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    async with Api(f"http://127.0.0.1:{port}") as api:
        with pytest.raises(NotReached):
            await api.call("POST", "/send", json={})


async def test_who_hangs_up_may_have_been_reached(base: str) -> None:
    async with Api(base) as api:
        with pytest.raises(Unavailable) as error:
            await api.call("POST", f"{base.removesuffix('/api')}/hang-up", json={})
    assert type(error.value) is Unavailable


async def test_a_medium_comes_without_the_accounts_headers(base: str) -> None:
    async with Api(base, headers={"X-Key": "k"}) as api:
        assert b'"key": null' in await api.fetch(f"{base}/image.png")


async def test_other_hosts_of_the_own_network_are_closed(base: str) -> None:
    async with Api("https://api.example.com") as api:
        with pytest.raises(PrivateAddress):
            await api.fetch(f"{base}/image.png")


async def test_so_are_other_ports_of_the_platforms_host(base: str) -> None:
    async with Api("http://127.0.0.1:1") as api:
        with pytest.raises(PrivateAddress):
            await api.fetch(f"{base}/image.png")


async def test_an_address_of_a_stranger_gains_nothing_by_the_platforms_host(base: str) -> None:
    async with Api(base) as api:
        with pytest.raises(PrivateAddress):
            await api.fetch(f"{base}/image.png", own=False)


async def test_what_was_asked_once_is_not_asked_of_whoever_it_leads_to(base: str) -> None:
    async with Api(base) as api:
        answer = await api.call("POST", f"{base.removesuffix('/api')}/lead-on", json={"secret": "s"})
    assert answer.status == 307


async def test_a_question_follows_where_it_is_led(base: str) -> None:
    async with Api(base) as api:
        answer = await api.call("GET", f"{base.removesuffix('/api')}/lead-on")
    assert answer.json()["path"] == "/api/elsewhere"


@pytest.mark.parametrize("content", ["half \ud800", {"x": object()}])
async def test_what_json_cannot_say_is_refused(base: str, content: object) -> None:
    async with Api(base) as api:
        with pytest.raises(Refused, match="JSON"):
            await api.call("POST", "/send", json=content)


async def test_one_that_was_closed_opens_again(base: str) -> None:
    api = Api(base)
    for _ in range(2):
        async with api:
            assert (await api.call("GET", "/again")).ok
