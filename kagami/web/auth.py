"""Logging in over HTTP, and the door that knows who comes: by a bearer token, or by the cookie of a browser.

A browser says `X-Kagami: 1` with whatever is not a GET, which a page of another site cannot make it say, and is given
cookies that its scripts cannot read; every other client is given the tokens themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeVar

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from kagami.errors import KagamiError, Throttled, Unauthorized
from kagami.i18n import mark
from kagami.model.principal import Principal
from kagami.ports import Calls
from kagami.ports.people import People, Tokens
from kagami.web.asked import PASS, WHO
from kagami.web.operations import JSON, Answer, read_request, refusal, respond

ACCESS_COOKIE, REFRESH_COOKIE = "kagami_access", "kagami_refresh"
BROWSER = "X-Kagami"
SAFE_METHODS = frozenset({"GET", "HEAD"})
AUTH = "/api/v1/auth"
# What strangers may ask for: each of these looks itself at who asks. Everything else is refused to them.
OPEN = frozenset(
    {"/livez", "/readyz", "/healthz", "/metrics", f"{AUTH}/{{act}}", "/", "/login", "/assets/{mark}/{name}"}
)
# The scheme by which another process of the cluster asks for somebody, and what of a path names its operation.
PROCESS, NAMED = "kagami", ("topic", "verb")
# Of the refresh cookie; the session itself ends earlier when it is not used.
COOKIE_S = 30 * 86_400

Network = IPv4Network | IPv6Network
T = TypeVar("T", bound=msgspec.Struct)


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class Login(Body, frozen=True):
    user: str
    password: str


class Refresh(Body, frozen=True):
    """Empty where the cookie says it."""

    refresh_token: str = ""


class Setup(Body, frozen=True):
    code: str
    password: str
    user: str = "admin"


class Door:
    """What the middleware and the handlers of `/api/v1/auth` know: the people, and the proxies to believe."""

    def __init__(self, people: People, proxies: Iterable[str] = (), calls: Callable[[], Calls] | None = None) -> None:
        self._people = people
        self._calls = calls
        self._proxies = [ip_network(each, strict=False) for each in proxies]

    def routes(self) -> list[web.RouteDef]:
        return [web.post(f"{AUTH}/{{act:login|refresh|logout|setup}}", self.act)]

    async def act(self, request: web.Request) -> web.Response:
        acts = {"login": self._login, "refresh": self._refresh, "setup": self._setup, "logout": self._logout}
        try:
            return await acts[request.match_info["act"]](request)
        except KagamiError as error:
            return told(error)

    async def _login(self, request: web.Request) -> web.Response:
        given = await _body(request, Login)
        return self._admit(request, await self._people.login(given.user, given.password, self.address(request)))

    async def _setup(self, request: web.Request) -> web.Response:
        given = await _body(request, Setup)
        tokens = await self._people.setup(given.code, given.user, given.password, self.address(request))
        return self._admit(request, tokens)

    async def _refresh(self, request: web.Request) -> web.Response:
        given = await _body(request, Refresh)
        token = given.refresh_token or (_is_browser(request) and request.cookies.get(REFRESH_COOKIE)) or ""
        return self._admit(request, await self._people.refresh(token, self.address(request)))

    async def _logout(self, request: web.Request) -> web.Response:
        given = await _body(request, Refresh)
        cookies = [request.cookies.get(name, "") for name in (REFRESH_COOKIE, ACCESS_COOKIE)]
        for token in (
            given.refresh_token,
            bearer(request.headers.getall("Authorization", [])),
            *(cookies if _is_browser(request) else ()),
        ):
            if token:
                await self._people.logout(token, self.address(request))
        response = respond(Answer(HTTPStatus.OK, b"{}"))
        for name in (ACCESS_COOKIE, REFRESH_COOKIE) if _is_browser(request) else ():
            response.del_cookie(name, path="/")
        return response

    def _admit(self, request: web.Request, tokens: Tokens) -> web.Response:
        """The tokens; to a browser as cookies, which its scripts cannot read."""
        if not _is_browser(request):
            return respond(Answer(HTTPStatus.OK, msgspec.json.encode(tokens)))
        response = respond(Answer(HTTPStatus.OK, msgspec.json.encode({"expires_in": tokens.expires_in})))
        secure = self._is_encrypted(request)
        cookies = (
            (ACCESS_COOKIE, tokens.access_token, tokens.expires_in),
            (REFRESH_COOKIE, tokens.refresh_token, COOKIE_S),
        )
        for name, value, seconds in cookies:
            response.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="Strict")
        return response

    async def principal(self, request: web.Request) -> Principal:
        """Who asks; `Unauthorized` when that cannot be told."""
        if self._calls is not None and (shown := credentials(request.headers.getall("Authorization", []), PROCESS)):
            named = [request.match_info.get(each, "") for each in NAMED]
            request[PASS] = self._calls().admit(shown, ".".join(named) if all(named) else "")
            return request[PASS].who
        token = bearer(request.headers.getall("Authorization", []))
        if not token and (request.method in SAFE_METHODS or _is_browser(request)):
            token = request.cookies.get(ACCESS_COOKIE, "")
        if not token:
            raise Unauthorized(reason=mark("no token came with the request"))
        return await self._people.principal(token, self.address(request))

    def address(self, request: web.Request) -> str:
        """Where a request came from."""
        return origin(request.remote or "", request.headers.getall("X-Forwarded-For", []), self._proxies)

    def _is_encrypted(self, request: web.Request) -> bool:
        """Whether the visitor speaks HTTPS, to us or to a proxy of ours."""
        behind = _is_within(request.remote or "", self._proxies)
        return request.scheme == "https" or (behind and request.headers.get("X-Forwarded-Proto", "").lower() == "https")


def known_person(door: Door, *, open_to_all: frozenset[str] = OPEN) -> Middleware:
    """Put the `Principal` into `request[WHO]`. Strangers may only ask for the paths of `open_to_all`, as nobody."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            request[WHO] = await door.principal(request)
        except KagamiError as error:
            resource = request.match_info.route.resource
            if resource is None or resource.canonical not in open_to_all:
                return told(error)
        return await handler(request)

    return check


def told(error: KagamiError) -> web.Response:
    """An error, with the header that belongs to it."""
    response = respond(refusal(error))
    if isinstance(error, Unauthorized):
        response.headers["WWW-Authenticate"] = 'Bearer realm="kagami"'
    if isinstance(error, Throttled):
        response.headers["Retry-After"] = str(error.details["seconds"])
    return response


def origin(peer: str, forwarded: Sequence[str], proxies: Sequence[Network]) -> str:
    """Where a request came from: `X-Forwarded-For` is read from its end, as far as proxies of ours wrote it."""
    passed = ",".join(forwarded).split(",")
    while passed and _is_within(peer, proxies):
        before = passed.pop().strip()
        if not _is_address(before):
            break
        peer = before
    return peer


def bearer(given: Sequence[str]) -> str:
    """The token of the one `Authorization: Bearer` among these headers, empty when there is none."""
    return credentials(given, "bearer")


def credentials(given: Sequence[str], scheme: str) -> str:
    """What follows the name of the scheme in the one `Authorization`, empty when it is of another or of none."""
    named, _, shown = given[0].strip().partition(" ") if len(given) == 1 else ("", "", "")
    return shown.strip() if named.lower() == scheme else ""


def _is_browser(request: web.Request) -> bool:
    return request.headers.get(BROWSER) == "1"


def _is_within(text: str, networks: Sequence[Network]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


async def _body(request: web.Request, kind: type[T]) -> T:
    body = await request.read()
    if body and request.content_type != JSON:
        raise web.HTTPUnsupportedMediaType
    found = read_request(kind, body)
    if not isinstance(found, kind):
        raise TypeError(kind)
    return found
