"""The pages of the web console and what they load, all of it from this machine's disk.

Pages hold no script and no style of their own. Words come from the catalogue and are escaped where they are put in.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Mapping
from functools import cache
from hashlib import blake2b
from html import escape
from string import Template
from typing import NamedTuple

from aiohttp import web

from kagami.i18n import LANGUAGES, mark, translator
from kagami.ports.people import People
from kagami.web.asked import WHO

LANGUAGE_COOKIE = "kagami_language"
YEAR_S = 31_536_000
_RULES = (
    "default-src 'self'; script-src 'self'; style-src {style}; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
POLICY = _RULES.format(style="'self'")
# xterm.js makes style elements of its own, with the sizes of cells and the colours of its theme.
TERMINAL_POLICY = _RULES.format(style="'self' 'unsafe-inline'")
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".ttf": "font/ttf",
    ".svg": "image/svg+xml",
}
_OWN = "kagami.web"
# By name: the package that has it, and where.
ASSETS: Mapping[str, tuple[str, str]] = {
    "textual.js": ("textual_serve", "static/js/textual.js"),
    "xterm.css": ("textual_serve", "static/css/xterm.css"),
    "mono.ttf": ("textual_serve", "static/fonts/RobotoMono-VariableFont_wght.ttf"),
    "icon.svg": (_OWN, "static/icon.svg"),
    "kagami.css": (_OWN, "static/kagami.css"),
    "fonts.css": (_OWN, "static/fonts.css"),
    "session.js": (_OWN, "static/session.js"),
    "login.js": (_OWN, "static/login.js"),
    "console.js": (_OWN, "static/console.js"),
}

_LOGIN_WORDS = {
    "title": mark("Log in to Kagami"),
    "name": mark("Name"),
    "password": mark("Password"),
    "enter": mark("Log in"),
    "setup_title": mark("Welcome to Kagami"),
    "setup_text": mark(
        "Nobody can log in yet. Kagami's terminal shows a set-up code; with it, make the first operator."
    ),
    "code": mark("Set-up code"),
    "new_password": mark("New password, at least 12 characters"),
    "again": mark("The same password again"),
    "begin": mark("Begin"),
    "known": mark("You are logged in as {name}."),
    "open": mark("Open the console"),
    "logout": mark("Log out"),
    "wrong": mark("The name or the password is wrong."),
    "wrong_code": mark("The code is wrong, or does not count any more."),
    "differ": mark("The two passwords differ."),
    "throttled": mark("Too many tries. Wait {seconds} s."),
    "away": mark("Kagami does not answer. Try again in a moment."),
    "busy": mark("One moment…"),
}
_CONSOLE_WORDS = {
    "title": mark("Kagami"),
    "loading": mark("The console opens…"),
    "lost": mark("The line to Kagami is down. Trying again…"),
    "idle": mark("The console was closed because nothing was typed for a long time."),
    "elsewhere": mark("This console was opened in another tab."),
    "crowded": mark("Too many consoles are open. Close one of them first."),
    "broken": mark("The console failed. Kagami's log has the details; the bots go on."),
    "stopping": mark("Kagami stops."),
    "restart": mark("Open a new console"),
}


class Asset(NamedTuple):
    """`body` is packed with gzip, which every browser takes."""

    body: bytes
    kind: str


class Pages:
    """Handlers of `/`, `/login` and `/assets`."""

    def __init__(self, people: People) -> None:
        self._people = people

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/", self.console),
            web.get("/login", self.login),
            web.get("/assets/{mark}/{name}", self.asset),
        ]

    async def console(self, request: web.Request) -> web.Response:
        """The terminal, for who is logged in."""
        if request.get(WHO) is None:
            raise web.HTTPFound("/login")
        return await _page(request, "console.html", _CONSOLE_WORDS, TERMINAL_POLICY)

    async def login(self, request: web.Request) -> web.Response:
        """The form to log in; for the first visitor of a new house, that to make the first operator."""
        who = request.get(WHO)
        state = "known" if who else "login" if await self._people.register.people() else "setup"
        return await _page(request, "login.html", _LOGIN_WORDS, POLICY, state=state, who=who.name if who else "")

    async def asset(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in ASSETS or request.match_info["mark"] != await asyncio.to_thread(fingerprint):
            raise web.HTTPNotFound
        found = await asyncio.to_thread(asset, name)
        headers = {
            "Content-Type": found.kind,
            "Content-Encoding": "gzip",
            "Cache-Control": f"public, max-age={YEAR_S}, immutable",
        }
        return web.Response(body=found.body, headers=headers)


def language_of(request: web.Request) -> str:
    """What was chosen on the login page, else the first of the browser's languages that Kagami speaks."""
    chosen = request.query.get("lang") or request.cookies.get(LANGUAGE_COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for each in request.headers.get("Accept-Language", "").split(","):
        name = each.partition(";")[0].strip().lower().partition("-")[0]
        if name in LANGUAGES:
            return name
    return "en"


async def _page(request: web.Request, name: str, words: Mapping[str, str], policy: str, **facts: str) -> web.Response:
    language = language_of(request)
    t = translator(language)
    told = {key: t(text).replace("{name}", facts.get("who", "")) for key, text in words.items()}
    assets = f"/assets/{await asyncio.to_thread(fingerprint)}"
    values = {key: escape(text) for key, text in {**told, **facts, "language": language, "assets": assets}.items()}
    response = web.Response(text=_template(name).substitute(values), content_type="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Vary"] = "Accept-Language, Cookie"
    if request.query.get("lang") in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=YEAR_S, path="/", httponly=True, samesite="Strict")
    return response


@cache
def _template(name: str) -> Template:
    from importlib.resources import files  # noqa: PLC0415 (it loads what reads archives)

    return Template(files(_OWN).joinpath("static", name).read_text("utf-8"))


@cache
def asset(name: str) -> Asset:
    """Read once, packed once: browsers ask for each but once a version."""
    from importlib.resources import files  # noqa: PLC0415

    package, path = ASSETS[name]
    kind = _TYPES[path[path.rindex(".") :]]
    body = files(package).joinpath(path).read_bytes()
    return Asset(gzip.compress(body, mtime=0), kind)


@cache
def fingerprint() -> str:
    """Stands in the addresses of the assets, so that browsers may keep them for ever."""
    seen = blake2b(digest_size=8)
    for name in sorted(ASSETS):
        seen.update(asset(name).body)
    return seen.hexdigest()
