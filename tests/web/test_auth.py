"""SB1–SB6, SA6, SA11, SA12 at the port, over a real server and a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from ipaddress import ip_network
from typing import Any

import aiohttp
import pytest

from kagami.core.passes import Gate, Pass, digest_of, seal
from kagami.errors import Unauthorized
from kagami.meters import Meters
from kagami.model.ids import BotId
from kagami.model.principal import Principal
from kagami.people.desk import PeopleDesk
from kagami.people.sessions import TOGETHER_MS
from kagami.ports import BotHealth, BotRow, NodeRow
from kagami.storage.store import open_store
from kagami.testing.clock import FakeClock
from kagami.web.auth import bearer, origin
from kagami.web.config import WebConfig
from tests.people.conftest import PASSWORD, make_desk
from tests.web.conftest import Serve
from tests.web.doubles import Rows

ME = "/api/v1/people/me"
LOGIN = "/api/v1/auth/login"
BROWSER = {"X-Kagami": "1"}


@dataclass(frozen=True)
class Port:
    """The port of an engine, and the console of the same."""

    http: aiohttp.ClientSession
    console: aiohttp.ClientSession
    desk: PeopleDesk
    clock: FakeClock

    async def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.http.post(path, json={} if body is None else body, headers=headers) as response:
            return response.status, await response.json()

    async def login(self, user: str = "alice", password: str = PASSWORD, **headers: str) -> tuple[int, Any]:
        return await self.post(LOGIN, {"user": user, "password": password}, **headers)

    async def operate(self, operation: str, /, **request: Any) -> Any:
        """An operation at the console."""
        path = f"/api/v1/{operation.replace('.', '/')}"
        async with self.console.post(path, json=request, headers={"X-Confirm": "yes"}) as response:
            assert response.status == 200, await response.text()
            return await response.json()


@pytest.fixture
def config() -> WebConfig:
    return WebConfig(port=0)


@pytest.fixture
async def port(serve: Serve, config: WebConfig) -> AsyncIterator[Port]:
    clock = FakeClock()
    async with open_store(":memory:", clock=clock, meters=Meters()) as store:
        desk = make_desk(store, clock)
        async with serve(config, store=store, people=desk, clock=clock) as site:
            made = Port(site.outside, site.inside, desk, clock)
            await made.operate("people.add", name="alice", role="admin", password=PASSWORD)
            yield made


async def test_a_login_gives_tokens(port: Port) -> None:
    status, pair = await port.login()
    assert (status, set(pair)) == (200, {"access_token", "refresh_token", "expires_in"})
    status, me = await port.post(ME, Authorization=f"Bearer {pair['access_token']}")
    assert (status, me["kind"], me["name"], me["address"]) == (200, "person", "alice", "127.0.0.1")


async def test_a_refresh_token_gives_others_once(port: Port) -> None:
    _, pair = await port.login()
    told = {"refresh_token": pair["refresh_token"]}
    status, other = await port.post("/api/v1/auth/refresh", told)
    assert status == 200
    status, again = await port.post("/api/v1/auth/refresh", told)  # the other tab of the same browser
    assert (status, again["refresh_token"]) == (200, other["refresh_token"])
    await port.clock.advance(TOGETHER_MS / 1000)
    assert (await port.post("/api/v1/auth/refresh", told))[0] == 401
    assert (await port.post(ME, Authorization=f"Bearer {other['access_token']}"))[0] == 401


async def test_after_logout_a_token_is_nobodys(port: Port) -> None:
    _, pair = await port.login()
    key = {"Authorization": f"Bearer {pair['access_token']}"}
    assert (await port.post("/api/v1/auth/logout", {}, **key))[0] == 200
    assert (await port.post(ME, **key))[0] == 401
    assert (await port.post("/api/v1/auth/refresh", {"refresh_token": pair["refresh_token"]}))[0] == 401


STRANGERS: list[dict[str, str]] = [
    {},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer x.y.z"},
    {"Authorization": "Bearer kgm_x"},
    {"Authorization": "Basic YWxpY2U6eA=="},
    {"X-Role": "admin", "X-User": "alice", "X-Forwarded-User": "alice", "X-Scopes": "*"},
    {"Cookie": "kagami_access=x.y.z", "X-Kagami": "1"},
]


@pytest.mark.parametrize("path", [ME, "/api/v1/system/stop", "/api/v1/no/such", "/nothing", "/api/v1//auth/login"])
async def test_strangers_are_told_to_log_in(port: Port, path: str) -> None:
    for headers in STRANGERS:
        async with port.http.post(path, json={}, headers=headers) as response:
            assert response.status == 401, headers
            assert response.headers["WWW-Authenticate"].startswith("Bearer")
            assert (await response.json())["error"]["code"] == "Unauthorized"


async def test_rights_that_somebody_claims_are_refused(port: Port) -> None:
    for field in ("role", "scopes", "kind", "admin"):
        status, told = await port.post(LOGIN, {"user": "alice", "password": PASSWORD, field: "admin"})
        assert (status, told["error"]["code"]) == (400, "UnknownField"), field


async def test_what_is_no_login_is_a_bad_request(port: Port) -> None:
    for body in (b"", b"[]", b"{", b'{"user":1,"password":2}', b'"x"', b"\xff", b'{"user":"\\ud800","password":""}'):
        async with port.http.post(LOGIN, data=body, headers={"Content-Type": "application/json"}) as response:
            assert response.status in (400, 401), body


async def test_a_form_of_another_site_cannot_log_in(port: Port) -> None:
    body = f'{{"user":"alice","password":"{PASSWORD}"}}'
    async with port.http.post(LOGIN, data=body, headers={"Content-Type": "text/plain"}) as response:
        assert response.status == 415


async def test_a_browser_gets_cookies_that_scripts_cannot_read(port: Port) -> None:
    async with port.http.post(LOGIN, json={"user": "alice", "password": PASSWORD}, headers=BROWSER) as response:
        assert await response.json() == {"expires_in": 600}
        cookies = SimpleCookie("\r\n".join(response.headers.getall("Set-Cookie")))
        for name in ("kagami_access", "kagami_refresh"):
            line = next(each for each in response.headers.getall("Set-Cookie") if each.startswith(name))
            assert all(word in line for word in ("HttpOnly", "SameSite=Strict", "Path=/"))
            assert "Secure" not in line
        assert cookies["kagami_access"].value


async def cookies_of(port: Port) -> str:
    async with port.http.post(LOGIN, json={"user": "alice", "password": PASSWORD}, headers=BROWSER) as response:
        port.http.cookie_jar.clear()
        return "; ".join(each.partition(";")[0] for each in response.headers.getall("Set-Cookie"))


async def test_a_cookie_needs_the_browsers_word(port: Port) -> None:
    cookie = await cookies_of(port)
    assert (await port.post(ME, Cookie=cookie))[0] == 401
    assert (await port.post(ME, Cookie=cookie, **BROWSER))[0] == 200


async def test_a_browser_goes_on_and_logs_out_by_its_cookies(port: Port) -> None:
    cookie = await cookies_of(port)
    assert (await port.post("/api/v1/auth/refresh", {}, Cookie=cookie))[0] == 401
    headers = {"Cookie": cookie} | BROWSER
    async with port.http.post("/api/v1/auth/refresh", json={}, headers=headers) as response:
        assert response.status == 200
        newer = "; ".join(each.partition(";")[0] for each in response.headers.getall("Set-Cookie"))
        port.http.cookie_jar.clear()
    async with port.http.post("/api/v1/auth/logout", json={}, headers={"Cookie": newer} | BROWSER) as response:
        assert all('=""' in each for each in response.headers.getall("Set-Cookie"))
    assert (await port.post(ME, Cookie=newer, **BROWSER))[0] == 401


async def test_another_site_cannot_log_somebody_out(port: Port) -> None:
    cookie = await cookies_of(port)
    assert (await port.post("/api/v1/auth/logout", {}, Cookie=cookie))[0] == 200
    assert (await port.post(ME, Cookie=cookie, **BROWSER))[0] == 200


async def test_known_and_unknown_names_get_the_same_answer(port: Port) -> None:
    first, second = await port.login("alice", "wrong password!"), await port.login("nobody", "wrong password!")
    assert first == second
    assert first[0] == 401


async def test_guessing_ends_in_a_wait(port: Port) -> None:
    statuses = [(await port.login(password=f"wrong password {turn}"))[0] for turn in range(6)]
    assert statuses == [401] * 5 + [429]
    async with port.http.post(LOGIN, json={"user": "alice", "password": PASSWORD}) as response:
        assert (response.status, response.headers["Retry-After"]) == (429, "1")


async def test_a_forged_address_does_not_help(port: Port) -> None:
    """SA12: without a proxy of ours, what a visitor says of their address is not heard."""
    for turn in range(5):
        forged = {"X-Forwarded-For": f"198.51.100.{turn}", "X-Real-IP": f"198.51.100.{turn}", "Forwarded": "for=x"}
        assert (await port.login(f"name{turn}", "wrong password!", **forged))[0] == 401
    assert (await port.login("another", "wrong password!", **{"X-Forwarded-For": "198.51.100.77"}))[0] == 429


@pytest.mark.parametrize("config", [WebConfig(port=0, trusted_proxies=("127.0.0.0/8",))])
async def test_behind_a_proxy_each_visitor_is_one(port: Port) -> None:
    for turn in range(7):
        passed_on = {"X-Forwarded-For": f"203.0.113.9, 198.51.100.{turn}"}
        assert (await port.login(f"name{turn}", "wrong password!", **passed_on))[0] == 401
    headers = BROWSER | {"X-Forwarded-Proto": "https"}
    async with port.http.post(LOGIN, json={"user": "alice", "password": PASSWORD}, headers=headers) as response:
        assert all("Secure" in each for each in response.headers.getall("Set-Cookie"))


async def test_the_set_up_code_makes_the_first_operator(port: Port) -> None:
    await port.operate("people.remove", name="alice")
    code = (await port.operate("people.setup"))["code"]
    status, pair = await port.post("/api/v1/auth/setup", {"code": code, "password": PASSWORD})
    assert status == 200
    status, told = await port.post("/api/v1/people/setup", {}, Authorization=f"Bearer {pair['access_token']}")
    assert (status, told["error"]["code"]) == (403, "Denied")
    assert (await port.login("admin"))[0] == 200


async def test_a_role_ends_where_its_rights_do(port: Port) -> None:
    await port.operate("people.add", name="vera", role="viewer", password=PASSWORD)
    _, pair = await port.login("vera")
    key = {"Authorization": f"Bearer {pair['access_token']}"}
    assert (await port.post("/api/v1/people/list", {}, **key))[0] == 200
    assert (await port.post("/api/v1/people/add", {"name": "eve", "role": "admin"}, **key))[0] == 403
    assert (await port.post("/api/v1/people/token_make", {"name": "x", "scopes": ["*"]}, **key))[0] == 403


async def test_an_api_token_opens_the_port(port: Port) -> None:
    made = await port.operate("people.token_make", name="script", scopes=["bots:read"])
    key = {"Authorization": f"Bearer {made['token']}"}
    assert (await port.post("/api/v1/bots/list", {}, **key))[0] == 200
    assert (await port.post("/api/v1/people/list", {}, **key))[0] == 403


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", ["10.0.0.9"], "192.0.2.1"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5, 198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5", "198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.5, nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [" , "], "10.0.0.1"),
        ("10.0.0.1", ["2001:db8::1"], "2001:db8::1"),
    ],
)
def test_only_our_proxies_are_believed(peer: str, forwarded: list[str], address: str) -> None:
    assert origin(peer, forwarded, [ip_network("10.0.0.0/8")]) == address


@pytest.mark.parametrize(
    ("given", "token"),
    [
        (["Bearer abc"], "abc"),
        (["bearer  abc "], "abc"),
        (["Basic abc"], ""),
        (["abc"], ""),
        ([], ""),
        (["Bearer abc", "Bearer def"], ""),
    ],
)
def test_one_bearer_is_read(given: list[str], token: str) -> None:
    assert bearer(given) == token


# --- other processes of the cluster ---

KEY, ASKER = b"k" * 32, Principal("person", "ann", frozenset({"bots:*"}))
BOTS = "/api/v1/bots/list"


class Near:
    """A cluster with one other process, which can call this one."""

    def __init__(self) -> None:
        self.gate = Gate("here", KEY)

    @property
    def calling(self) -> Near:
        return self

    def admit(self, text: str, operation: str) -> Pass:
        if (shown := self.gate.admit(text, operation, 0)) is None:
            raise Unauthorized(reason="not here")
        return shown

    def rows(self) -> list[NodeRow]:
        return []


def pass_for(operation: str, body: bytes = b"{}") -> dict[str, str]:
    shown = Pass(to="here", operation=operation, body=digest_of(body), who=ASKER, at_ms=0, nonce=operation)
    return {"Authorization": f"Kagami {seal(shown, KEY)}", "Content-Type": "application/json"}


async def asked(serve: Serve, path: str, headers: dict[str, str], body: bytes = b"{}", **parts: Any) -> int:
    async with serve(cluster=Near(), **parts) as site, site.outside.post(path, data=body, headers=headers) as response:
        return response.status


async def test_another_process_asks_for_who_came_to_it(serve: Serve) -> None:
    assert await asked(serve, BOTS, pass_for("bots.list")) == 200


async def test_it_asks_with_their_rights(serve: Serve) -> None:
    assert await asked(serve, "/api/v1/audit/list", pass_for("audit.list")) == 403


async def test_a_pass_is_for_one_request(serve: Serve) -> None:
    assert await asked(serve, BOTS, pass_for("bots.list", b'{"a": 1}')) == 401


async def test_a_pass_is_for_one_operation(serve: Serve) -> None:
    assert await asked(serve, BOTS, pass_for("bots.kinds")) == 401


@pytest.mark.parametrize("path", ["/api/v1/live", "/api/v1/openapi.json", "/console"])
async def test_a_pass_opens_nothing_but_operations(serve: Serve, path: str) -> None:
    headers = pass_for("") | {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    async with (
        serve(cluster=Near()) as site,
        site.outside.get(path, headers=headers | {"Sec-WebSocket-Key": "x" * 22 + "=="}) as response,
    ):
        assert response.status == 401


async def test_what_was_passed_on_goes_no_further(serve: Serve) -> None:
    far = BotRow(BotId("qq:9"), "far", "onebot11", BotHealth("online"), node="there")
    body = b'{"bot":"far"}'
    headers = pass_for("bots.reconnect", body)
    assert await asked(serve, "/api/v1/bots/reconnect", headers, body, bots=Rows(far)) == 400
