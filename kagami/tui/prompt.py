"""One line of typing at the bottom: filters, searches and the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.suggester import SuggestFromList
from textual.widgets import Input

from kagami.i18n import mark
from kagami.tui.ahead import Opened
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.painted import Line, Painted, Span

# What the footer says meanwhile; a click on one of them presses its key.
HINTS = (
    Action("enter", ("enter",), mark("done"), mark("Take what is typed")),
    Action("up", ("up",), mark("before"), mark("What was typed before")),
    Action("escape", ("escape",), mark("cancel"), mark("Change nothing")),
)


class _Label(Painted):
    DEFAULT_CSS = "_Label { height: 1; width: auto; }"

    def __init__(self, shell: Shell, text: str) -> None:
        super().__init__(shell)
        self._text = text
        self.styles.width = cell_len(text) + 2

    def lines(self, width: int, height: int) -> Sequence[Line]:  # noqa: ARG002
        return [[Span(f" {self._text} ", "accent")]]


class Prompt(Horizontal):
    """Lives for one question; `answer` is its text, None when it was left."""

    DEFAULT_CSS = """
    Prompt { height: 1; background: $panel; }
    """

    def __init__(
        self,
        shell: Shell,
        label: str,
        value: str,
        changed: Callable[[str], None] | None,
        words: tuple[str, ...],
        history: Sequence[str],
    ) -> None:
        super().__init__()
        self.shell = shell
        self.answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self.label = label
        self.changed = changed
        suggester = SuggestFromList(words, case_sensitive=False) if words else None
        self.input = Box(value)
        self.input.suggester = suggester
        self._history = [*history, value]
        self._at = len(history)

    def compose(self) -> ComposeResult:
        yield _Label(self.shell, self.label)
        yield self.input

    def on_mount(self) -> None:
        self.input.focus()
        self.input.cursor_position = len(self.input.value)

    def on_descendant_focus(self) -> None:
        self.post_message(Opened())

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self.changed is not None and not self.answer.done():
            self.changed(event.value)

    @on(Input.Submitted)
    def _done(self, event: Input.Submitted) -> None:
        event.stop()
        self.end(event.value)

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            self.end(None)
        elif event.key in ("up", "down"):
            event.stop()
            self._recall(-1 if event.key == "up" else 1)
        elif event.key == "tab":
            event.stop()
            event.prevent_default()
            self.input.action_cursor_right()  # takes what is suggested

    def on_descendant_blur(self) -> None:
        """A click elsewhere is a no: a command is never run by it."""
        self.end(None)

    def end(self, text: str | None) -> None:
        if not self.answer.done():
            self.answer.set_result(text)

    def _recall(self, step: int) -> None:
        self._at = max(0, min(self._at + step, len(self._history) - 1))
        self.input.value = self._history[self._at]
        self.input.cursor_position = len(self.input.value)
