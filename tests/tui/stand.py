"""One widget on a screen of its own, inside the least shell that widgets need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import msgspec
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget

from kagami.clock import Clock
from kagami.ports import Control, Notice, Pulse
from kagami.tui.format import Tier
from kagami.tui.keymap import Keymap
from kagami.tui.looks import Looks, looks
from kagami.tui.shell import Level, Question
from kagami.tui.state import State
from tests.tui.engine import FakeControl, FixedClock


class Stand(App[None]):
    """Is the shell of its widget; what the widget posts is in `posted`."""

    CSS = "Stand Screen { layout: vertical; } Stand Screen > * { width: 1fr; height: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    widget: Widget

    def __init__(self, make: Callable[[Stand], Widget], tier: Tier) -> None:
        super().__init__()
        self.looks: Looks = looks(tier, "night")
        self.control: Control = FakeControl()
        self.clock: Clock = FixedClock()
        self.language = "en"
        self.pulse: Pulse | None = None
        self.notices: list[Notice] = []
        self.history: Sequence[Pulse] = ()
        self.stale_s = 0.0
        self.state = State()
        self.moment_ms = 0
        self.link_s = 0.0
        self.ways_back: list[msgspec.Struct] = []
        self.behind = ""
        self.keymap = Keymap({})
        self.posted: list[Message] = []
        self.said: list[str] = []
        self._make = make

    def changed(self, words: str, way_back: msgspec.Struct) -> None:
        self.ways_back.append(way_back)

    def look_at(self, moment_ms: int) -> None:
        self.moment_ms = moment_ms

    def compose(self) -> ComposeResult:
        self.widget = self._make(self)  # here, where the app is active
        yield self.widget

    def on_mount(self) -> None:
        self.widget.focus()

    def t(self, text: str) -> str:
        return text

    def lacks(self, scope: str) -> str:
        return ""

    def say(self, title: str, body: str = "", level: Level = "info") -> None:
        self.said.append(title)

    def opening(self, work: Awaitable[None]) -> Awaitable[None]:
        return work

    def go(self, place: str, target: str = "") -> None:
        self.said.append(f"{place} {target}")

    def refresh_chrome(self) -> None:
        self.said.append("chrome")

    def copy(self, text: str) -> None:
        self.said.append(text)

    def opener(self) -> str:
        return ""

    async def choose(self, question: Question, buttons: Sequence[str]) -> int:
        return len(buttons) - 1

    async def ask(self, question: Question) -> bool:
        return True

    async def ask_name(self, question: Question, name: str) -> bool:
        return True

    async def prompt(
        self,
        label: str,
        value: str = "",
        *,
        changed: Callable[[str], None] | None = None,
        words: tuple[str, ...] = (),
        secret: bool = False,
        history: Sequence[str] | None = None,
    ) -> str | None:
        return None

    def text(self) -> list[str]:
        """The rows of the screen without trailing spaces."""
        rows = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in row).rstrip() for row in rows]


@asynccontextmanager
async def standing(
    make: Callable[[Stand], Widget], size: tuple[int, int] = (40, 10), tier: Tier = "full"
) -> AsyncIterator[tuple[Stand, Pilot[None]]]:
    stand = Stand(make, tier)

    def keep(message: Message) -> None:
        if all(message is not each for each in stand.posted):  # the hook hears it again wherever it bubbles to
            stand.posted.append(message)

    async with stand.run_test(size=size, message_hook=keep) as pilot:
        await pilot.pause()
        yield stand, pilot
