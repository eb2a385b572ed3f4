"""A house that serves, and a tab of a real browser that looks at it from outside: what it was sent, asked and said."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pyte
from playwright.sync_api import BrowserContext, Dialog, Page, Request, WebSocket

from kagami import log
from kagami.app import EngineThread
from kagami.config import load
from kagami.home import Home
from kagami.operations.people import Add as AddPerson

PASSWORD = "correct horse battery staple"
PATIENCE_S = 15.0
# Where screenshots go, should anybody want to look at them.
SHOTS = os.environ.get("KAGAMI_SHOTS", "")


class House:
    """An engine in a thread of this process. `address` is of its web console, which outlives one engine."""

    def __init__(self, home: Path, **settings: str) -> None:
        self._home = home
        self._environ = {"KAGAMI_GATEWAY__PORT": "0", "KAGAMI_WEB__PORT": "0", **settings}
        self.ring = log.Ring()
        self.thread = self._thread()
        self._people = 0

    def _thread(self) -> EngineThread:
        self.ring = log.Ring()
        log.configure("info", ring=self.ring)
        thread = EngineThread(load(Home(self._home), environ=self._environ), self.ring)
        thread.start()
        listening = self.ring.window(wanted=lambda line: (line.source, line.text) == ("web", "listening"))[-1]
        self._environ["KAGAMI_WEB__PORT"] = listening.fields["port"]
        return thread

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._environ['KAGAMI_WEB__PORT']}"

    def call(self, request: msgspec.Struct) -> Any:
        """An operation, by whoever sits at the machine."""
        if self.thread.engine is None or self.thread.loop is None:
            raise RuntimeError("the engine does not run")
        return asyncio.run_coroutine_threadsafe(self.thread.engine.call(request), self.thread.loop).result(PATIENCE_S)

    def person(self) -> str:
        """Somebody new, whose console remembers nothing."""
        self._people += 1
        name = f"p{self._people}"
        self.call(AddPerson(name=name, password=PASSWORD, role="admin"))
        return name

    def stop(self) -> None:
        self.thread.stop("test")
        self.thread.join()

    def start(self) -> None:
        self.thread = self._thread()


@contextmanager
def house(home: Path, **settings: str) -> Iterator[House]:
    opened = House(home, **settings)
    try:
        yield opened
    finally:
        opened.stop()


class Tab:
    """A page, and beside it a terminal that is given what the page is given."""

    def __init__(self, context: BrowserContext, house: House) -> None:
        self.page: Page = context.new_page()
        self.address = house.address
        self._house = house
        self.foreign: list[str] = []
        self.dialogs: list[str] = []
        self.complaints: list[str] = []
        self.lines: list[WebSocket] = []
        self._screen, self._stream = self._terminal(80, 24)
        self.page.on("request", self._asked)
        self.page.on("dialog", self._asked_back)
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("websocket", self._line)

    def log_in(self) -> None:
        """From any page of the house to a painted console, as somebody new."""
        user = self._house.person()
        self.page.goto(f"{self.address}/login")
        self.page.fill("#user", user)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.until_idle("overview")

    def until(self, claim: Callable[[], bool], what: str = "it is so") -> None:
        end = time.monotonic() + PATIENCE_S
        while not claim():
            assert time.monotonic() < end, f"never: {what}\n{self.page.title()}\n{self.text}"
            self.page.wait_for_timeout(20)

    def until_idle(self, place: str = "") -> None:
        self.until(lambda: self.page.title().endswith(f"{place} · idle"), f"{place} idle")

    def until_shown(self, text: str) -> None:
        self.until(lambda: text in self.text, f"{text} on the screen")

    @property
    def rows(self) -> list[str]:
        """As the terminal has them; the cell behind a wide character is nothing."""
        shown = self._screen.buffer
        return ["".join(shown[y][x].data for x in range(self._screen.columns)) for y in range(self._screen.lines)]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    def place_of(self, text: str) -> tuple[int, int]:
        """Where a text stands, in pixels of the page."""
        row = next(number for number, row in enumerate(self.rows) if text in row)
        column = next(
            x for x in range(self._screen.columns)
            if "".join(self._screen.buffer[row][at].data for at in range(x, self._screen.columns)).startswith(text)
        )  # fmt: skip
        box = self.page.locator(".xterm-screen").bounding_box()
        assert box is not None
        across, down = box["width"] / self._screen.columns, box["height"] / self._screen.lines
        return int(box["x"] + across * (column + 0.5)), int(box["y"] + down * (row + 0.5))

    @property
    def size(self) -> tuple[int, int]:
        return self._screen.columns, self._screen.lines

    def shot(self, name: str) -> None:
        if SHOTS:
            self.page.wait_for_timeout(400)  # for the terminal to have drawn
            self.page.screenshot(path=f"{SHOTS}/{name}.png")

    def _asked_back(self, dialog: Dialog) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", self.address.replace("http", "ws"))):
            self.foreign.append(request.url)

    def _line(self, line: WebSocket) -> None:
        self.lines.append(line)
        given = dict(pair.split("=") for pair in urlsplit(line.url).query.split("&"))
        self._screen, self._stream = self._terminal(int(given["width"]), int(given["height"]))
        line.on("framereceived", self._received)
        line.on("framesent", self._sent)

    def _received(self, payload: str | bytes) -> None:
        if isinstance(payload, bytes):
            # This terminal knows no synchronised output.
            self._stream.feed(payload.replace(b"\x1b[?2026$p", b""))

    def _sent(self, payload: str | bytes) -> None:
        said = json.loads(payload)
        if said[0] == "resize":
            self._screen.resize(said[1]["height"], said[1]["width"])

    @staticmethod
    def _terminal(width: int, height: int) -> tuple[pyte.Screen, pyte.ByteStream]:
        screen = pyte.Screen(width, height)
        return screen, pyte.ByteStream(screen)
