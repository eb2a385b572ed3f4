"""SC9: the pages hold no script, style or word of anybody else. What a real browser makes of them: tests/browser."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import quote

import pytest

from tests.abuse.conftest import Port

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("abuse port")]

NASTY = [
    '"><script>alert(1)</script>',
    "javascript:alert(1)",
    "' onload='alert(1)",
    "${title}",
    "{{7*7}}",
    "zh\r\nX: y",
]


class Page(HTMLParser):
    """What a page would load and run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.inline: list[str] = []
        self._within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._within = tag
        for name, value in attrs:
            if name.startswith("on") or name in ("style", "srcdoc") or "javascript:" in (value or "").lower():
                self.inline.append(f"{tag} {name}")
            if name in ("src", "href", "action", "data-session-websocket-url"):
                self.loads.append(value or "")

    def handle_data(self, data: str) -> None:
        if self._within in ("script", "style") and data.strip():
            self.inline.append(data)


async def get(port: Port, path: str, **headers: str) -> tuple[str, str, str]:
    """The page's text, what it may load, and what kind it is."""
    async with port.stranger.get(path, headers=headers, allow_redirects=False) as response:
        policy = response.headers["Content-Security-Policy"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["X-Frame-Options"] == "DENY"
        return await response.text(), policy, response.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/login", "/"])
async def test_a_page_runs_only_what_this_house_serves(port: Port, path: str) -> None:
    text, policy, _ = await get(port, path, Cookie=await port.cookie("alice"))
    page = Page(text)
    assert page.inline == []
    assert page.loads
    assert [each for each in page.loads if not each.startswith("/") or each.startswith("//")] == []
    rules = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    assert (rules["default-src"], rules["script-src"], rules["connect-src"]) == ("'self'", "'self'", "'self'")
    assert (rules["object-src"], rules["base-uri"], rules["frame-ancestors"]) == ("'none'",) * 3


@pytest.mark.parametrize("nasty", NASTY)
async def test_what_a_visitor_says_is_in_no_page(port: Port, nasty: str) -> None:
    given = {"Accept-Language": quote(nasty), "Cookie": f"kagami_language={quote(nasty)}", "Referer": quote(nasty)}
    for path in (f"/login?lang={quote(nasty)}", f"/login?{quote(nasty)}=1", f"/?next={quote(nasty)}"):
        text, _, _ = await get(port, path, **given)
        plain, _, _ = await get(port, path.partition("?")[0])
        assert text == plain


@pytest.mark.parametrize("name", ["../session.js", "..%2fsession.js", "%2e%2e/%2e%2e/auth.py", "login.html", "x.js"])
async def test_only_named_files_are_served(port: Port, name: str) -> None:
    page, _, _ = await get(port, "/login")
    folder = next(each for each in Page(page).loads if each.endswith(".js")).rpartition("/")[0]
    async with port.stranger.get(f"{folder}/{name}") as response:
        assert response.status in (401, 404)


async def test_scripts_read_no_cookie_and_make_no_page_of_texts(port: Port) -> None:
    page, _, _ = await get(port, "/", Cookie=await port.cookie("alice"))
    for path in Page(page).loads:
        if path.endswith(("session.js", "console.js", "login.js")):
            text, _, kind = await get(port, path)
            assert kind.startswith("text/javascript")
            for word in (
                "document.cookie",
                "innerHTML",
                "eval(",
                "document.write",
                "insertAdjacentHTML",
            ):
                assert word not in text, (path, word)
