"""SB7, SA4, SA6, SA7: who shows nothing, and what a page of another site can do with somebody's browser.

The list of addresses is the router's own: one that is added is asked too.
"""

from __future__ import annotations

import pytest

from tests.abuse.conftest import OPERATIONS, Port, Route

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("abuse port")]

# Whatever strangers may ask for. Everything else answers 401 to them.
FOR_STRANGERS = {
    "/",
    "/login",
    "/assets/{mark}/{name}",
    "/livez",
    "/readyz",
    "/healthz",
    "/api/v1/auth/{act}",
}
EVIL = [
    "https://evil.example",
    "null",
    "",
    "http://localhost.evil.example",
    "http://127.0.0.1.nip.io",
    "http://127.0.0.1:9999",
    "file://",
    "https://127.0.0.1",
]
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


async def told(port: Port, routes: list[Route], **headers: str) -> dict[Route, int]:
    return {each: await port.status(each, **headers, **(UPGRADE if each.upgrades else {})) for each in routes}


async def test_strangers_get_401_everywhere_but_at_a_few_named_addresses(port: Port) -> None:
    routes = port.routes()
    assert len(routes) > len(OPERATIONS)
    answers = await told(port, routes)
    assert {each.pattern for each, status in answers.items() if status != 401} <= FOR_STRANGERS
    # Logging in asks by itself, and has a 401 of its own.
    assert {each.pattern for each, status in answers.items() if status == 401} & FOR_STRANGERS <= {"/api/v1/auth/{act}"}


async def test_strangers_learn_nothing_at_the_addresses_that_are_open_to_them(port: Port) -> None:
    for path, text in (("/livez", '{"state":"ok"}'), ("/readyz", None), ("/healthz", None)):
        async with port.stranger.get(path, headers={"X-Forwarded-For": "192.0.2.1"}) as response:
            body = await response.text()
            assert set(await response.json()) == {"state"}
            assert text is None or body == text
    async with port.stranger.get("/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/login")


@pytest.mark.parametrize("origin", EVIL)
async def test_a_page_of_another_site_has_no_effect_at_any_address(port: Port, origin: str) -> None:
    """Not even with a token, or with the cookie of whoever is logged in."""
    routes = [each for each in port.routes() if each.method == "POST" or each.upgrades]
    assert {each.pattern for each in routes if each.upgrades} == {"/api/v1/live", "/console"}
    for headers in (
        {"Authorization": f"Bearer {await port.token('*')}"},
        {"Cookie": await port.cookie("alice"), "X-Kagami": "1"},
    ):
        answers = await told(port, routes, **headers, Origin=origin, **{"Content-Type": "application/json"})
        assert set(answers.values()) == {403}


async def test_a_cookie_alone_does_nothing(port: Port) -> None:
    """What a form or an image of another site can send: no header of its own, no JSON."""
    routes = [each for each in port.routes() if each.method == "POST" and "/auth/" not in each.path]
    cookie = await port.cookie("alice")
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/json"):
        assert set((await told(port, routes, Cookie=cookie, **{"Content-Type": kind})).values()) == {401}
    posts = [each._replace(method="GET") for each in routes]
    assert set((await told(port, posts, Cookie=cookie)).values()) == {405}


async def test_what_a_form_can_send_is_no_request_even_with_the_browsers_word(port: Port) -> None:
    routes = [each for each in port.routes() if each.method == "POST" and "/auth/" not in each.path]
    headers = {"Cookie": await port.cookie("alice"), "X-Kagami": "1", "Content-Type": "text/plain"}
    assert set((await told(port, routes, **headers)).values()) == {415}


@pytest.mark.parametrize("origin", EVIL)
async def test_no_page_may_read_an_answer(port: Port, origin: str) -> None:
    token = await port.token("*:read")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for route in {each.pattern: each for each in port.routes()}.values():
        for method in {route.method, "OPTIONS"}:
            headers = {"Origin": origin, "Authorization": f"Bearer {token}"} | asked
            async with port.stranger.request(method, route.path, headers=headers, allow_redirects=False) as response:
                assert not [name for name in response.headers if name.lower().startswith("access-control")]


async def test_the_line_of_a_console_needs_the_page_of_this_house(port: Port) -> None:
    (console,) = (each for each in port.routes() if each.path == "/console" and each.method == "GET")
    cookie = await port.cookie("alice")
    assert await port.status(console, Cookie=cookie, **UPGRADE) == 403
    token = await port.token("*")
    own = {"Origin": port.own, "Authorization": f"Bearer {token}"}
    assert await port.status(console, **own, **UPGRADE) == 401
