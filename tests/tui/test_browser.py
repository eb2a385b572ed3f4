"""A console on a line, read as the browser's terminal reads it."""

from __future__ import annotations

import asyncio
import base64
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyte
import pytest

from kagami.log import Ring, configure
from kagami.model.principal import Principal
from kagami.operations.people import Identity, Me
from kagami.tui.browser import BrowserConsole
from kagami.tui.line import Line
from kagami.tui.state import State
from tests.tui.engine import FakeControl, FixedClock
from tests.tui.pilot import screen_text, until

ANN = Principal("person", "ann", frozenset({"*"}))
LOOKER = Principal("person", "bob", frozenset({"*:read"}))


class Reader:
    """Takes what a console writes, into a terminal and as it is."""

    def __init__(self, line: Line, size: tuple[int, int]) -> None:
        self.line = line
        self.sent = ""
        self._screen = pyte.Screen(*size)
        self._stream = pyte.Stream(self._screen)

    async def run(self) -> None:
        while text := await self.line.take():
            self.sent += text
            self._stream.feed(text.replace("\x1b[?2026$p", ""))

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)


@asynccontextmanager
async def console(
    who: Principal = ANN,
    language: str = "en",
    state: State | None = None,
    size: tuple[int, int] = (80, 24),
    control: FakeControl | None = None,
) -> AsyncIterator[tuple[BrowserConsole, Reader]]:
    line = Line()
    opened = BrowserConsole(
        control or FakeControl(), who, line, language=language, state=state or State(), clock=FixedClock()
    )
    reader = Reader(line, size)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(opened.run_async(size=size))
        reading = group.create_task(reader.run())
        await until(lambda: opened.idle)
        try:
            yield opened, reader
        finally:
            opened.exit()
            await running
            line.end("left")
            await reading


async def test_a_tab_is_given_a_terminal_set_up_and_a_screen() -> None:
    async with console() as (_, reader):
        await until(lambda: "1 Home" in reader.text)
        assert reader.sent.startswith("\x1b[?1049h")
        assert "\x1b[?2004h" in reader.sent


async def test_colours_are_those_of_the_browser_and_not_of_the_engines_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    async with console() as (_, reader):
        await until(lambda: "1 Home" in reader.text)
        assert "38;2;108;182;255" in reader.sent  # the accent of the theme


async def test_keys_do_what_they_do_in_a_terminal() -> None:
    async with console() as (opened, _):
        assert opened.driver is not None
        opened.driver.feed("2")
        await until(lambda: opened.state.place == "bots")


async def test_escape_alone_is_a_key() -> None:
    async with console() as (opened, _):
        assert opened.driver is not None
        opened.driver.feed("2")
        await until(lambda: opened.state.place == "bots")
        opened.driver.feed("\x1b")
        opened.driver.feed("j")
        await until(lambda: opened.state.place == "overview")


async def test_it_takes_the_size_of_the_tab() -> None:
    async with console() as (opened, _):
        assert opened.driver is not None
        opened.driver.resize(140, 40)
        await until(lambda: opened.size == (140, 40))


async def test_another_line_is_given_everything_anew() -> None:
    async with console() as (opened, reader):
        await until(lambda: "1 Home" in reader.text)
        assert opened.driver is not None
        other = Reader(Line(), (80, 24))
        opened.driver.detach(reader.line)
        opened.driver.attach(other.line)
        reading = asyncio.ensure_future(other.run())
        await until(lambda: [row.rstrip() for row in other.text.splitlines()] == screen_text(opened))
        assert other.sent.startswith("\x1b[?1049h")
        other.line.end("left")
        await reading


async def test_without_a_line_it_runs_on() -> None:
    async with console() as (opened, reader):
        assert opened.driver is not None
        opened.driver.detach(reader.line)
        opened.driver.feed("2")
        await until(lambda: opened.state.place == "bots")


async def test_what_is_copied_goes_to_the_browser_whatever_its_length() -> None:
    async with console() as (opened, reader):
        opened.copy("你好" * 20_000)
        wanted = base64.b64encode(("你好" * 20_000).encode()).decode()
        await until(lambda: f"\x1b]52;c;{wanted}\x07" in reader.sent)


async def test_the_language_is_the_persons_before_the_browsers() -> None:
    async with console(language="zh", state=State(language="en")) as (opened, _):
        assert opened.language == "en"
    async with console(language="zh") as (opened, _):
        assert opened.language == "zh"


async def test_who_may_only_look_is_told_why_a_verb_does_nothing() -> None:
    control = FakeControl()
    control.answers[Me] = lambda _: Identity("person", "bob", ["*:read"], "")
    async with console(who=LOOKER, state=State(place="bots"), control=control) as (opened, reader):
        await until(lambda: "shiori" in reader.text)
        assert opened.driver is not None
        opened.driver.feed("d")
        await until(lambda: "bots:write" in reader.text)


async def test_standard_output_is_left_alone_by_however_many() -> None:
    before = sys.stdout
    async with console():
        assert sys.stdout is before
        async with console():
            assert sys.stdout is before
    assert sys.stdout is before


async def test_a_failure_is_logged_and_says_nothing_on_the_engines_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ring = Ring()
    configure("error", ring=ring)
    async with console() as (opened, _):
        opened.call_later(_fail)
        await until(lambda: opened.failed)
    assert opened.failed
    assert ring.window(wanted=lambda line: "a console in a browser failed" in line.text)
    assert "broken on purpose" not in "".join(capsys.readouterr())


def _fail() -> None:
    raise ZeroDivisionError("broken on purpose")
