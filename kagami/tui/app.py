"""The console: one shell for all places. It talks to the engine only through `Control`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from kagami.clock import Clock, SystemClock
from kagami.errors import KagamiError
from kagami.operations.plugins import ListPlugins
from kagami.operations.routes import ListRoutes, RouteList
from kagami.ports import Control, PluginRow
from kagami.tui.acting import Verb
from kagami.tui.actions import EVERYWHERE, INTERRUPT, RETRY
from kagami.tui.desk import Desk
from kagami.tui.dialogs.cards import LinkCard, TooSmall
from kagami.tui.format import Tier
from kagami.tui.keys import Action, writes
from kagami.tui.later import later
from kagami.tui.leaving import Leaving
from kagami.tui.places import BY_NAME, PLACES
from kagami.tui.plugin_rows import needs_you
from kagami.tui.prompt import HINTS
from kagami.tui.state import State
from kagami.tui.undo import UNDO
from kagami.tui.widgets.bars import Footer, PulseLine, Rail, Tabs

if TYPE_CHECKING:
    from kagami.tui.about import About
    from kagami.tui.eye import Eye
    from kagami.tui.guidepost import Guidepost
    from kagami.tui.place import Place

_BREAKPOINTS = [(0, "-narrow"), (100, "-mid"), (140, "-wide")]
_COUNT_S = 10.0  # seconds between two looks at how many plugins there are


class Console(Desk, inherit_bindings=False):
    """Textual's app. `owned`: this process holds the engine, so leaving asks whether the bots shall stop."""

    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None
    ALLOW_SELECT = False
    CLOSE_TIMEOUT = 1.0
    HORIZONTAL_BREAKPOINTS = _BREAKPOINTS
    VERTICAL_BREAKPOINTS = [(0, "-low"), (28, "-tall")]  # noqa: RUF012
    ACTIONS: ClassVar[tuple[Action, ...]] = EVERYWHERE

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
        self.leaving = Leaving(self, owned=owned)
        self.pulse_line = PulseLine(self)
        self.tabs = Tabs(self)
        self.rail = Rail(self)
        self.footer = Footer(self)
        self.card = LinkCard(self, self.feed)
        self.too_small = TooSmall(self)
        self._count_at = 0.0

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
        asyncio.get_running_loop().set_task_factory(None)
        self.run_worker(self.feed.run(), group="feed")
        self.set_interval(1.0, self.tick)
        first = self.state.place if self.state.place in BY_NAME else PLACES[0].name
        self.go(first)

    def heard(self) -> None:
        """Paint what the feed changed."""
        if self.is_running:
            self.pulse_line.repaint()
            self.card.tick()
            if self.pulse and not self.greeted:
                self.greeted = True
                self.run_worker(later(self.read_place), group="read")
                self.run_worker(later(self.learn_rights), group="rights")

    def _count(self) -> None:
        """Now and then, while the rail can be seen."""
        now = self.clock.monotonic()
        if self.rail.display and now >= self._count_at:
            self._count_at = now + _COUNT_S
            self.run_worker(later(self._count_things), group="count", exclusive=True)

    async def _count_things(self) -> None:
        """How many plugins and rules there are, and how many plugins need a person, for the rail."""
        with suppress(KagamiError):  # whoever may not see plugins sees no number either
            rows: list[PluginRow] = await self.control.call(ListPlugins())
            self.rail.counts["plugins"] = (len(rows), sum(map(needs_you, rows)))
        with suppress(KagamiError):
            routes: RouteList = await self.control.call(ListRoutes())
            self.rail.counts["routes"] = (len(routes.rules), 0)
        self.rail.repaint()

    def tick(self) -> None:
        """Once a second: what time alone changes."""
        self.toasts.tick()
        self.card.tick()
        self.too_small.tick()
        self.stage.tell_trouble()
        self.refresh_chrome()

    async def on_event(self, event: events.Event) -> None:
        """Crumbs and footer follow every key and click at once."""
        await super().on_event(event)
        if isinstance(event, (events.Key, events.Click)):
            self.call_after_refresh(self.refresh_chrome)

    def export_screenshot(self, *, title: str | None = None, simplify: bool = False) -> str:
        from kagami.tui.picture import widened  # noqa: PLC0415

        return widened(super().export_screenshot(title=title, simplify=simplify))

    def on_descendant_focus(self) -> None:
        """Other keys work in another pane, and while one types."""
        self.call_after_refresh(self.refresh_chrome)

    def on_resize(self) -> None:
        self.call_after_refresh(self.too_small.tick)

    def refresh_chrome(self) -> None:
        """Paint what stands around the place."""
        place = self.stage.current
        if place is None or not self.screen_stack:  # it ends: the last of its timers may still tick
            return
        self.state.place = self.tabs.here = self.rail.here = place.NAME
        self.crumbs.path = (self.t(BY_NAME[place.NAME].title), *place.crumbs())
        self.footer.hints = self._hints(place)
        self.memory.keep(place)
        self._count()
        for line in (self.pulse_line, self.tabs, self.rail, self.crumbs, self.footer):
            line.repaint()

    def _hints(self, place: Place) -> tuple[tuple[Action, str], ...]:
        """The keys that do something now: where one types, letters do not."""
        if self._prompt is not None:
            return tuple((each, "app.simulate_key") for each in HINTS)
        types = isinstance(self.focused, Input)
        hints = [(each, "app.act") for each in (*self.rewind.hints, *self.changes.hints)]
        hints += [(each, "app.place") for each in place.hinted()]
        hints += [(each, "app.act") for each in self.actions if each.hint or (types and each.id == "ui.back")]
        return tuple(each for each in hints if not (types and writes(each[0].keys[0])))

    # Keys.

    @cached_property
    def guidepost(self) -> Guidepost:
        """Palette, command line, help and their dialogs: imported when the first of them is wanted."""
        from kagami.tui.guidepost import Guidepost  # noqa: PLC0415

        return Guidepost(self)

    @cached_property
    def eye(self) -> Eye:
        """What changes only what is seen: likewise."""
        from kagami.tui.eye import Eye  # noqa: PLC0415

        return Eye(self)

    @cached_property
    def about(self) -> About:
        from kagami.tui.about import About  # noqa: PLC0415

        return About(self)

    def verbs(self) -> Mapping[str, Verb]:
        return {
            **{entry.go: partial(self.go, entry.name) for entry in PLACES},
            **self.guidepost.verbs(),
            **self.eye.verbs(),
            **self.about.verbs(),
            **self.rewind.verbs(),
            UNDO.id: self._undo,
            "ui.back": self._back,
            "nav.back": partial(self.walk, -1),
            "nav.forward": partial(self.walk, 1),
            "ui.next": self.action_focus_next,
            "ui.previous": self.action_focus_previous,
            "app.quit": self.leaving.leave,
            INTERRUPT.id: self.leaving.interrupt,
            RETRY.id: self.feed.retry,
        }

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under a dialog only ^C is ours; `r` is, while the link is lost."""
        if action != "act":
            return True
        if parameters[0] == RETRY.id:
            return self.card.display and len(self.screen_stack) == 1 and not isinstance(self.focused, Input)
        here = len(self.screen_stack) == 1 and self.rewind.takes(str(parameters[0]))
        return here or parameters[0] == INTERRUPT.id

    async def _undo(self) -> None:
        await self.changes.undo()
        if self.stage.current is not None:
            await self.stage.current.read_now()

    async def _back(self) -> None:
        if self.toasts.seen() or self.rewind.live():
            return
        if self.stage.current is not None and self.stage.current.zoom.end():
            return
        if self.stage.current is not None and not self.stage.current.back():
            await self.walk(-1)
        self.refresh_chrome()
