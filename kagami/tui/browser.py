"""The console in a browser tab: Textual's app as in a terminal, on a line to xterm.js instead of a terminal's file.

Several of them live in one loop of one thread. What the library keeps once for a process (colours by the
environment, standard output that is led to the app, tracebacks on the terminal) is set right here for each.
"""

from __future__ import annotations

import sys
from functools import partial
from time import monotonic
from typing import Any

from rich.console import Console as RichConsole
from rich.console import RenderableType
from textual import constants, events
from textual._styles_cache import StylesCache
from textual._xterm_parser import XTermParser
from textual.app import App
from textual.driver import Driver
from textual.filter import ANSIToTruecolor
from textual.geometry import Size
from textual.screen import Screen

from kagami import log
from kagami.clock import Clock
from kagami.i18n import LANGUAGES, mark
from kagami.model.principal import Principal
from kagami.ports import Control
from kagami.tui import clipboard
from kagami.tui.answers import Answers
from kagami.tui.app import Console
from kagami.tui.line import Line
from kagami.tui.looks import THEMES
from kagami.tui.state import State

# Its own screen, no cursor, clicks and drags (not every move: each would cost a message), pastes in brackets.
_BEGIN = "\x1b[?1049h\x1b[?25l\x1b[?1000h\x1b[?1002h\x1b[?1006h\x1b[?2004h"
_ESCAPE = "\x1b"
_TITLE = "\x1b]2;"
# A key that could be the beginning of a sequence is one when nothing follows.
_ESCAPE_S = constants.ESCAPE_DELAY * 1.2

# Bytes; what a list or a log window can hold is far less.
_MOST_COPIED = 1 << 20

_say = log.get("console")


class BrowserDriver(Driver):
    """Writes to a line, which changes whenever the tab comes back; without one, what is written is nobody's."""

    def __init__(
        self,
        app: App[Any],
        *,
        line: Line,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._parser = XTermParser(debug)
        self._answers = Answers()
        self._line: Line | None = line
        self._title = ""

    @property
    def is_web(self) -> bool:
        return True

    def write(self, data: str) -> None:
        if data.startswith(_TITLE):
            self._title = data
        if self._line is not None:
            self._line.put(data)

    @property
    def takes(self) -> bool:
        """Whether there is somebody to write to."""
        return self._line is not None and self._line.takes()

    def start_application_mode(self) -> None:
        self.write(_BEGIN)
        self.resize(*(self._size or (80, 24)))

    def disable_input(self) -> None:
        """Nothing reads; input is handed in."""

    def stop_application_mode(self) -> None:
        """The page goes with the console."""

    def attach(self, line: Line) -> None:
        """A terminal that knows nothing yet."""
        self._line = line
        self.write(_BEGIN + self._title)
        self.paint()

    def detach(self, line: Line) -> None:
        if self._line is line:
            self._line = None

    def paint(self) -> None:
        """Send the whole screen."""
        self._app.refresh()

    def feed(self, text: str) -> None:
        if not text:
            return  # to the parser it would be the end of input
        if text == _ESCAPE:  # xterm.js sends sequences whole: this is the key, whatever comes after it
            self.process_message(events.Key("escape", _ESCAPE))
            return
        raw = self._answers.typed(text.encode("utf-8", "replace"), monotonic())
        for message in self._parser.feed(raw.decode("utf-8", "replace")) if raw else ():
            self.process_message(message)
        self._loop.call_later(_ESCAPE_S, self._tick)

    def _tick(self) -> None:
        for message in self._parser.tick():
            self.process_message(message)

    def resize(self, width: int, height: int) -> None:
        self._size = (width, height)
        size = Size(width, height)
        self.send_message(events.Resize(size, size))

    def focus(self, *, here: bool) -> None:
        self.send_message(events.AppFocus() if here else events.AppBlur())


def forget_ended() -> None:
    """Empty the library's caches that keep consoles after their end: with their last key, and as rows of cells."""
    XTermParser._parse_extended_key.cache_clear()  # noqa: SLF001
    StylesCache.get_inner_outer.cache_clear()


class BrowserConsole(Console, inherit_bindings=False):
    """What `who` may not do is shown with the reason. `failed` once it has ended by an error."""

    def __init__(
        self, control: Control, who: Principal, line: Line, *, language: str, state: State, clock: Clock | None = None
    ) -> None:
        chosen = state.language if state.language in LANGUAGES else language
        theme = state.theme if state.theme in THEMES else "night"
        super().__init__(control, language=chosen, theme=theme, state=state, clock=clock)
        self.rights = who.scopes
        self.failed = False
        self.driver_class = partial(BrowserDriver, line=line)  # type: ignore[assignment]
        # The engine's own terminal may have few colours, or want none; xterm.js has all.
        self.no_color = False
        self.console = RichConsole(
            color_system="truecolor",
            file=self.console.file,
            highlight=False,
            emoji=False,
            legacy_windows=False,
            force_terminal=True,
            no_color=False,
            safe_box=False,
        )
        self._filters = [each for each in self._filters if isinstance(each, ANSIToTruecolor)]
        # Every app leads standard output to itself and sets it back; several at once would set back the wrong one.
        self._capture_stdout = sys.stdout  # type: ignore[assignment]
        self._capture_stderr = sys.stderr  # type: ignore[assignment]

    @property
    def driver(self) -> BrowserDriver | None:
        """None before it has begun."""
        return self._driver if isinstance(self._driver, BrowserDriver) else None

    def copy(self, text: str) -> None:
        """To the clipboard of the browser, which takes any length and cares for no terminal of the engine's."""
        if self._driver is not None:
            self._driver.write(clipboard.osc52(text, {}, most=_MOST_COPIED))
        self.say(self.t(mark("Copied {count} characters (OSC 52)")).format(count=len(text)))

    def opener(self) -> str:
        """A browser on the engine's machine is not where this person looks."""
        return ""

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Spare the work of frames that nobody takes: a tab that does not read costs the others no time."""
        if self.driver is None or self.driver.takes:
            super()._display(screen, renderable)

    def _handle_exception(self, error: Exception) -> None:
        self.failed = True
        _say.error("a console in a browser failed", cause=error)
        super()._handle_exception(error)

    def _print_error_renderables(self) -> None:
        # Standard error belongs to the engine, whose log has the error.
        self._exit_renderables.clear()
