"""The app as its parts see it: an implementation of `Shell` on Textual."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from textual import events, on
from textual.app import App
from textual.driver import Driver
from textual.widgets import Input

from kagami.clock import Clock
from kagami.core.scopes import covers
from kagami.errors import KagamiError
from kagami.i18n import mark, translator
from kagami.operations.people import Identity, Me
from kagami.ports import Control, Notice, Pulse
from kagami.tui import clipboard, weblink
from kagami.tui.acting import Acting
from kagami.tui.ahead import OPEN_S, Ahead, Opened, Passed
from kagami.tui.dialogs.ask import Ask
from kagami.tui.dialogs.name import AskName
from kagami.tui.feed import EngineFeed
from kagami.tui.format import Tier
from kagami.tui.keymap import Keymap
from kagami.tui.keys import Action
from kagami.tui.later import later
from kagami.tui.looks import DENSE, Looks, looks, theme
from kagami.tui.memory import Memory
from kagami.tui.others import Others, Remembering
from kagami.tui.prompt import Prompt
from kagami.tui.rewind import START, Rewind
from kagami.tui.shell import Leave, Level, Question, Repaints, TellsLink
from kagami.tui.stage import Stage
from kagami.tui.state import State
from kagami.tui.undo import Changes
from kagami.tui.widgets.bars import Crumbs
from kagami.tui.widgets.toasts import Toasts

MOST_COMMANDS = 50


def _driver() -> type[Driver] | None:
    """The driver for this system; None for Textual's own choice, which is also what `TEXTUAL_DRIVER` asks for."""
    if sys.platform == "win32" or os.environ.get("TEXTUAL_DRIVER"):
        return None
    from kagami.tui.driver import ConsoleDriver  # noqa: PLC0415 (needs termios)

    return ConsoleDriver


class Desk(Acting, App[Leave], inherit_bindings=False):
    """What `kagami.tui.shell.Shell` promises."""

    TITLE = "Kagami"

    def __init__(
        self,
        control: Control,
        *,
        language: str,
        glyphs: Tier,
        text: Tier | None,
        theme_name: str,
        clock: Clock,
        state: State,
    ) -> None:
        super().__init__(driver_class=_driver(), ansi_color=True if theme_name == "ansi" else None, watch_css=False)
        self.control: Control = (own := Remembering(control))
        self.clock = clock
        self.state = state
        self.keymap = Keymap(state.keys)
        self.rekey(self.keymap)
        self.language = language
        self.rights: Collection[str] = ("*",)  # of who sits in front of it
        self.read_only = False
        self._letters = text  # what the terminal shows, whatever signs are chosen
        self.looks: Looks = looks(glyphs, theme_name, text, dense=state.density == DENSE)
        self.feed = EngineFeed(control, clock, self.heard)
        self.others = Others(self, own, self._changed_by_others)
        self.feed.acted = self.others.heard
        self.memory = Memory(self, state)
        self.stage = Stage(self, self.memory.recall)
        self.toasts = Toasts(self)
        self.crumbs = Crumbs(self)
        self.register_theme(theme(theme_name))
        self.theme = f"kagami-{theme_name}"
        self.lost = False
        self.broken: Exception | None = None  # the error that ended it
        self.greeted = False  # the first pulse has come
        self.changes = Changes(self)
        self.rewind = Rewind(self, self._moved_in_time)
        self._busy = 0
        self._prompt: Prompt | None = None
        self._ahead = Ahead(lambda: self.call_next(self._type_on))

    def hang_up(self) -> None:
        """The terminal is gone. May be called in any thread and in a signal handler, more than once."""
        self.lost = True
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(self.exit, Leave.LOST)

    def _handle_exception(self, error: Exception) -> None:
        self.broken = self.broken or error
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        # Textual would print every local variable of every frame: whoever runs the console writes a report.
        self._exit_renderables.clear()

    def heard(self) -> None:
        """The feed has something new."""
        raise NotImplementedError

    # Whether it is at work, for tests and for people who look at window titles.

    @property
    def idle(self) -> bool:
        """Nothing that was asked for is outstanding."""
        return not self._busy and self.stage.current is not None and (self.greeted or self.feed.tries > 0)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        self._busy += 1
        self._entitle()
        try:
            yield
        finally:
            self._busy -= 1
            self.call_after_refresh(self._entitle)  # who waits for the title wants to see the screen

    def _entitle(self) -> None:
        place = self.stage.current.NAME if self.stage.current else ""
        if self._driver is not None and not self.is_headless:
            self._driver.write(f"\x1b]2;kagami · {place} · {'idle' if self.idle else 'busy'}\x07")

    # Keys: one after the other, each to whom the ones before it have given the keyboard.

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, (events.Key, events.Paste)) and not event.is_forwarded:
            self._ahead.add(event)
            await self._type_on()
        else:
            await super().on_event(event)

    async def _type_on(self) -> None:
        # Without a screen the console is ending: what was typed ahead is for nobody any more.
        while self.screen_stack and (typed := self._ahead.take()) is not None:
            target, hold = self.focused or self.screen, self._ahead.hold()
            await super().on_event(typed)
            if not target.post_message(Passed(hold)):
                self._ahead.release(hold)

    @on(Passed)
    def _passed(self, message: Passed) -> None:
        self._ahead.release(message.hold)

    @on(Opened)
    def _opened(self) -> None:
        self._ahead.release_all()

    def opening(self, work: Awaitable[None]) -> Awaitable[None]:
        return self._until_open(work, self._ahead.hold())

    async def _until_open(self, work: Awaitable[None], hold: object) -> None:
        try:
            await work
        finally:
            self._ahead.release(hold)

    # The engine.

    @property
    def pulse(self) -> Pulse | None:
        return self.rewind.pulse(self.feed.pulse)

    @property
    def history(self) -> Sequence[Pulse]:
        return self.rewind.history(self.feed.history)

    @property
    def link_s(self) -> float:
        driver: object = self._driver
        return driver.rtt_s if isinstance(driver, TellsLink) else 0.0

    @property
    def moment_ms(self) -> int:
        return self.rewind.at_ms

    @property
    def behind(self) -> str:
        return self.rewind.behind

    def changed(self, words: str, way_back: msgspec.Struct) -> None:
        self.changes.add(words, way_back)
        self.refresh_chrome()

    def _changed_by_others(self) -> None:
        self.run_worker(later(self.read_place), group="read", exclusive=True)

    def look_at(self, moment_ms: int) -> None:
        self.run_worker(self.finish(START, self.rewind.go(moment_ms), self.t), group="rewind", exclusive=True)

    def _moved_in_time(self) -> None:
        if self.stage.current is not None:
            self.stage.current.moved_in_time()
        self.repaint_all()
        self.refresh_chrome()

    @property
    def notices(self) -> list[Notice]:
        return list(self.feed.notices)

    @property
    def stale_s(self) -> float:
        return self.feed.stale_s

    def lacks(self, scope: str) -> str:
        if self.read_only and scope and not scope.endswith(":read"):
            return self.t(mark("read-only console"))
        return (
            ""
            if not scope or covers(self.rights, scope)
            else self.t(mark("needs the right {scope}")).format(scope=scope)
        )

    async def learn_rights(self) -> None:
        """Ask who we are. The engine has the last word all the same; one that does not know the question allows all."""
        try:
            me: Identity = await self.control.call(Me())
        except KagamiError:
            return
        self.rights = tuple(me.scopes)
        self.refresh_chrome()

    # Words and looks.

    def t(self, text: str) -> str:
        return translator(self.language)(text)

    def dress(
        self, *, language: str = "", theme_name: str = "", glyphs: Tier | None = None, dense: bool | None = None
    ) -> None:
        """Change the language, the theme or the signs of everything that is on the screen."""
        self.language = language or self.language
        chosen = theme_name or self.looks.theme
        packed = self.looks.dense if dense is None else dense
        self.looks = looks(glyphs or self.looks.glyphs.tier, chosen, self._letters, dense=packed)
        if theme_name:
            self.register_theme(theme(theme_name))
            self.ansi_color = theme_name == "ansi"
            self.theme = f"kagami-{theme_name}"
        for place in self.stage.places:
            place.relabel()
        self.repaint_all()

    @property
    def own_driver(self) -> Driver | None:
        """None while it does not run."""
        return self._driver

    def repaint_all(self) -> None:
        """Paint everything anew."""
        for screen in self.screen_stack:
            for widget in screen.query("*"):
                if isinstance(widget, Repaints):
                    widget.repaint()
            screen.refresh()

    # What parts ask for.

    def say(self, title: str, body: str = "", level: Level = "info") -> None:
        self.toasts.add(title, body, level)

    def go(self, place: str, target: str = "") -> None:
        self.run_worker(self.opening(self.open_place(place, target)), group="go")

    async def open_place(self, name: str, target: str = "") -> None:
        """Show a place; ends when it has been read once."""
        if not await self.stage.lets_go(name):
            return
        with self.at_work():
            await self.stage.open(name, target)
        self.crumbs.tip = self.memory.tip(name)
        self.refresh_chrome()

    async def read_place(self) -> None:
        """Read the seen place now, without waiting for its turn."""
        with self.at_work():
            if self.stage.current is not None:
                await self.stage.current.read_now()

    async def walk(self, step: int) -> None:
        """Back (-1) or forward (1) among the visited places."""
        if not await self.stage.lets_go():
            return
        with self.at_work():
            if not await self.stage.walk(step):
                self.say(self.t(mark("No further place in this direction.")))
        self.refresh_chrome()

    def refresh_chrome(self) -> None:
        """Paint what stands around the place."""
        raise NotImplementedError

    def copy(self, text: str) -> None:
        size = len(text)
        sequence = clipboard.osc52(text, os.environ)
        if sequence:
            if self._driver is not None and not self.is_headless:
                self._driver.write(sequence)
            self.say(self.t(mark("Copied {count} characters (OSC 52)")).format(count=size))
            return
        folder = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "kagami"
        try:
            path = clipboard.to_file(text, folder)
        except OSError as error:
            self.say(self.t(mark("Could not copy")), str(error), "error")
        else:
            self.say(self.t(mark("Written to a file: too long to copy")), str(path), "warning")

    def opener(self) -> str:
        return weblink.opener()

    async def choose(self, question: Question, buttons: Sequence[str]) -> int:
        """The number of the chosen button; 0 for none."""
        chosen = await self.push_screen_wait(Ask(self, question, buttons))
        return int(chosen)

    async def ask(self, question: Question) -> bool:
        return await self.choose(question, (question.keep, question.go)) == 1

    async def ask_name(self, question: Question, name: str) -> bool:
        done: bool = await self.push_screen_wait(AskName(self, question, name))
        return done

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
        opens = self._ahead.hold(OPEN_S)
        if self._prompt is not None:
            self._prompt.end(None)
        before_it = (self.state.commands if words else ()) if history is None else history
        own = self._prompt = Prompt(self, label, value, changed, words, before_it)
        own.input.password = secret
        before = self.focused
        await self.crumbs.parent.mount(own, before=self.crumbs)  # type: ignore[union-attr]
        self.crumbs.display = False
        self.refresh_chrome()
        try:
            return await own.answer
        finally:
            self._ahead.release(opens)
            if self._prompt is own:
                self._prompt = None
                self.crumbs.display = True
                self.refresh_chrome()
            await own.remove()
            if before is not None and before.is_attached and not isinstance(self.focused, Input):
                before.focus(scroll_visible=False)

    def refusal(self, action: Action) -> str:
        if action.changes and self.stale_s:
            return self.t(mark("the engine does not answer"))
        return self.lacks(action.scope)

    def refuse(self, action: Action, reason: str) -> None:
        self.say(self.t(action.text), reason, "warning")

    def start(self, action: Action, work: Awaitable[None]) -> None:
        self.run_worker(self.opening(self.finish(action, work, self.t)), group=action.id)

    def action_place(self, action_id: str) -> None:
        """A click on the footer: an action of the seen place."""
        if self.stage.current is not None:
            self.stage.current.action_act(action_id)

    def remember_command(self, line: str) -> None:
        """Keep a line for the up key, in this console and the next."""
        kept = [each for each in self.state.commands if each != line]
        self.state.commands = [*kept, line][-MOST_COMMANDS:]
