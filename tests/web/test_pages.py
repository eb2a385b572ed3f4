"""The pages of the web console and their assets, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from kagami.i18n import LANGUAGES
from kagami.model.principal import Principal
from kagami.ports.people import PersonRow
from kagami.web.asked import WHO
from kagami.web.pages import ASSETS, Pages

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:")


class Staff:
    """A register with these people, and `ports.People` as far as pages need it."""

    def __init__(self, *names: str) -> None:
        self.register = self
        self._rows = [PersonRow(name, "admin", ["*"]) for name in names]

    async def people(self) -> list[PersonRow]:
        return self._rows


@asynccontextmanager
async def visit(*people: str, who: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    @web.middleware
    async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
        if who:
            request[WHO] = Principal("person", who, frozenset({"*"}))
        return await handler(request)

    app = web.Application(middlewares=[door])
    app.add_routes(Pages(Staff(*people)).routes())  # type: ignore[arg-type]
    async with TestServer(app) as server, aiohttp.ClientSession(server.make_url("/")) as session:
        yield session


async def read(session: aiohttp.ClientSession, path: str, **headers: str) -> str:
    async with session.get(path, headers=headers) as response:
        assert response.status == 200
        return await response.text()


async def test_strangers_are_led_to_the_login_page() -> None:
    async with visit("ann") as session, session.get("/", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/login")


@pytest.mark.parametrize(
    ("people", "who", "state"), [((), "", "setup"), (("ann",), "", "login"), (("ann",), "ann", "known")]
)
async def test_the_login_page_knows_what_is_to_be_done(people: tuple[str, ...], who: str, state: str) -> None:
    async with visit(*people, who=who) as session:
        assert f'data-state="{state}"' in await read(session, "/login")


@pytest.mark.parametrize(
    ("asked", "language"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh"), ("en-GB", "en"), ("de,zh;q=0.5", "zh"), ("de", "en"), (";;,q=", "en")],
)
async def test_the_language_is_the_first_that_the_browser_and_kagami_speak(asked: str, language: str) -> None:
    async with visit("ann") as session:
        assert f'<html lang="{language}">' in await read(session, "/login", **{"Accept-Language": asked})


async def test_a_language_that_was_chosen_stays() -> None:
    jar = aiohttp.CookieJar(unsafe=True)
    async with visit("ann") as session:
        session._cookie_jar = jar
        await read(session, "/login?lang=zh")
        assert '<html lang="zh">' in await read(session, "/login", **{"Accept-Language": "en"})


@pytest.mark.parametrize("path", ["/login", "/"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_pages_hold_no_script_and_no_style_and_ask_nobody_else(path: str, language: str) -> None:
    async with visit("ann", who="ann") as session, session.get(path, params={"lang": language}) as response:
        page = await response.text()
        assert not INLINE.search(page)
        assert not re.findall(r"(?:src|href|action)=\"(?!/)", page)
        assert "$" not in page


async def test_only_the_terminals_page_allows_styles_of_a_script() -> None:
    async with visit("ann", who="ann") as session:
        async with session.get("/login") as response:
            policy = response.headers["Content-Security-Policy"]
            assert "default-src 'self'; script-src 'self';" in policy
            assert "unsafe" not in policy
        async with session.get("/") as response:
            policy = response.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy
            assert [rule.split()[0] for rule in policy.split(";") if "unsafe" in rule] == ["style-src"]


async def test_a_name_is_text() -> None:
    async with visit("ann", who='<b>"x"') as session:
        page = await read(session, "/login")
        assert "&lt;b&gt;&quot;x&quot;" in page
        assert "<b>" not in page


async def test_assets_are_there_to_stay_and_nothing_else_is() -> None:
    async with visit("ann", who="ann") as session:
        found = set(re.findall(r'/assets/[^"]+', await read(session, "/") + await read(session, "/login")))
        for path in found:
            async with session.get(path) as response:
                assert response.status == 200
                assert "immutable" in response.headers["Cache-Control"]
                assert len(await response.read()) > 100
        folder = next(iter(found)).rpartition("/")[0]
        for path in (
            f"{folder}/../pages.py",
            f"{folder}/%2e%2e%2fpages.py",
            f"{folder}/none.js",
            "/assets/0/kagami.css",
        ):
            async with session.get(path) as response:
                assert response.status == 404
        assert {path.rpartition("/")[2] for path in found} <= ASSETS.keys()
