"""The console: one shell for all places. It talks to the engine only through `Control`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from kagami.clock import Clock, SystemClock
from kagami.i18n import mark
from kagami.ports import Control
from kagami.tui.acting import Verb
from kagami.tui.actions import EVERYWHERE, INTERRUPT, RETRY
from kagami.tui.desk import Desk
from kagami.tui.dialogs.ask import Ask
from kagami.tui.dialogs.cards import LinkCard, TooSmall
from kagami.tui.format import Tier
from kagami.tui.guidepost import Guidepost
from kagami.tui.keys import Action
from kagami.tui.places import BY_NAME, LATER, PLACES
from kagami.tui.shell import Leave, Question
from kagami.tui.state import State
from kagami.tui.widgets.bars import Footer, PulseLine, Rail, Tabs

INTERRUPT_S = 2.0
_BREAKPOINTS = [(0, "-narrow"), (100, "-mid"), (140, "-wide")]
_LATER = tuple(Action(f"later.{digit}", (digit,), title, title, hint=False) for digit, title in LATER.items())


class Console(Desk, inherit_bindings=False):
    """Textual's app. `owned`: this process holds the engine, so leaving asks whether the bots shall stop."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    CLOSE_TIMEOUT = 1.0
    HORIZONTAL_BREAKPOINTS = _BREAKPOINTS
    VERTICAL_BREAKPOINTS = [(0, "-low"), (28, "-tall")]  # noqa: RUF012
    ACTIONS: ClassVar[tuple[Action, ...]] = (*EVERYWHERE, *_LATER)

    def __init__(
        self,
        control: Control,
        *,
        language: str = "en",
        glyphs: Tier = "full",
        theme: str = "night",
        owned: bool = False,
        text: Tier | None = None,
        clock: Clock | None = None,
        state: State | None = None,
    ) -> None:
        super().__init__(
            control,
            language=language,
            glyphs=glyphs,
            text=text,
            theme_name=theme,
            clock=clock or SystemClock(),
            state=state or State(),
        )
        self.owned = owned
        self.pulse_line = PulseLine(self)
        self.tabs = Tabs(self)
        self.rail = Rail(self)
        self.footer = Footer(self)
        self.card = LinkCard(self, self.feed)
        self.too_small = TooSmall(self)
        self.guidepost = Guidepost(self)
        self._interrupted = float("-inf")
        self._busy = 0

    def compose(self) -> ComposeResult:
        with Vertical(id="top"):
            yield self.pulse_line
            yield self.tabs
        with Horizontal(id="middle"):
            yield self.rail
            yield self.stage
        with Vertical(id="bottom"):
            yield self.crumbs
            yield self.footer
        yield self.toasts
        yield self.card
        yield self.too_small

    # Life.

    async def on_mount(self) -> None:
        # Textual makes every task eager; what runs beside it here is written for the loop's own order.
        self._loop_as_usual()
        self.run_worker(self.feed.run(), group="feed")
        self.set_interval(1.0, self.tick)
        first = self.state.place if self.state.place in BY_NAME else PLACES[0].name
        self.call_after_refresh(self.go, first)

    @staticmethod
    def _loop_as_usual() -> None:
        asyncio.get_running_loop().set_task_factory(None)

    def heard(self) -> None:
        """Paint what the feed changed."""
        if self.is_running:
            self.pulse_line.repaint()
            self.card.tick()

    def tick(self) -> None:
        """Once a second: what time alone changes."""
        self.toasts.tick()
        self.card.tick()
        self.too_small.tick()
        self.stage.tell_trouble()
        self.refresh_chrome()

    def on_resize(self) -> None:
        self.call_after_refresh(self.too_small.tick)

    async def open_place(self, name: str, target: str = "") -> None:
        with self._at_work():
            await self.stage.open(name, target)
        self.refresh_chrome()

    def refresh_chrome(self) -> None:
        """Paint what stands around the place."""
        place = self.stage.current
        if place is None:
            return
        self.state.place = self.tabs.here = self.rail.here = place.NAME
        self.crumbs.path = (self.t(BY_NAME[place.NAME].title), *place.crumbs())
        own = [(each, "app.place") for each in place.ACTIONS if each.hint and each.keys and not place.refusal(each)]
        self.footer.hints = (*own, *((action, "app.act") for action in EVERYWHERE if action.hint))
        for line in (self.pulse_line, self.tabs, self.rail, self.crumbs, self.footer):
            line.repaint()

    # For tests and for people who look at window titles.

    @property
    def idle(self) -> bool:
        """Nothing that was asked for is outstanding."""
        return not self._busy and self.stage.current is not None

    @contextmanager
    def _at_work(self) -> Iterator[None]:
        self._busy += 1
        self._entitle()
        try:
            yield
        finally:
            self._busy -= 1
            self._entitle()

    def _entitle(self) -> None:
        place = self.stage.current.NAME if self.stage.current else ""
        if self._driver is not None and not self.is_headless:
            self._driver.write(f"\x1b]2;kagami · {place} · {'busy' if self._busy else 'idle'}\x07")

    # Keys.

    def verbs(self) -> Mapping[str, Verb]:
        return {
            **{entry.go: partial(self.go, entry.name) for entry in PLACES},
            **{action.id: partial(self._later, action) for action in _LATER},
            **self.guidepost.verbs(),
            "ui.back": self._back,
            "nav.back": lambda: self._walk(-1),
            "nav.forward": lambda: self._walk(1),
            "ui.next": self.action_focus_next,
            "ui.previous": self.action_focus_previous,
            "ui.screenshot": self._picture,
            "app.quit": self.leave,
            INTERRUPT.id: self._interrupt,
            RETRY.id: self.feed.retry,
        }

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under a dialog only ^C is ours; `r` is, while the link is lost."""
        if action != "act":
            return True
        if parameters[0] == RETRY.id:
            return self.card.display and len(self.screen_stack) == 1 and not isinstance(self.focused, Input)
        return len(self.screen_stack) == 1 or parameters[0] == INTERRUPT.id

    def refuse(self, action: Action, reason: str) -> None:
        self.say(self.t(action.text), reason, "warning")

    def start(self, action: Action, work: Awaitable[None]) -> None:
        self.run_worker(self.finish(action, work, self.t), group=action.id)

    def action_place(self, action_id: str) -> None:
        """A click on the footer: an action of the seen place."""
        if self.stage.current is not None:
            self.stage.current.action_act(action_id)

    def _later(self, action: Action) -> None:
        self.say(self.t(action.label), self.t(mark("This place comes with a later version.")))

    async def _back(self) -> None:
        if self.toasts.seen():
            return
        if self.stage.current is not None and not self.stage.current.back():
            await self._walk(-1)
        self.refresh_chrome()

    async def _walk(self, step: int) -> None:
        with self._at_work():
            if not await self.stage.walk(step):
                self.say(self.t(mark("No further place in this direction.")))
        self.refresh_chrome()

    def _picture(self) -> None:
        path = self.save_screenshot()
        self.say(self.t(mark("Picture written")), path)

    async def _interrupt(self) -> None:
        now = self.clock.monotonic()
        last, self._interrupted = self._interrupted, now
        if isinstance(self.screen, Ask):
            self.exit(Leave.STOP if self.owned else Leave.DETACH)
        elif now - last <= INTERRUPT_S:
            await self.leave()
        else:
            self.say(self.t(mark("Press ^C again to leave")))

    async def leave(self) -> None:
        """`q`: an attached console goes at once; the one that holds the engine asks what shall become of the bots."""
        if not self.owned:
            self.exit(Leave.DETACH)
            return
        t, pulse = self.t, self.pulse
        online = pulse.online if pulse else 0
        waiting = pulse.open_events if pulse else 0
        question = Question(
            t(mark("Leave the console?")),
            (
                (t(mark("Bots online")), str(online)),
                (t(mark("In flight")), t(mark("{count} events; stopping waits for them")).format(count=waiting)),
                (t(mark("Leave running")), t(mark("the bots go on without a console; `kagami` attaches again"))),
                (t(mark("Stop")), t(mark("no message is answered until `kagami` is started again"))),
            ),
            keep=t(mark("Stay")),
            go=t(mark("Stop the bots")),
        )
        chosen = await self.choose(question, (question.keep, t(mark("Leave them running")), question.go))
        if chosen:
            self.exit(Leave.DETACH if chosen == 1 else Leave.STOP)
