"""The palette: every action, place, bot and operation, found by a few letters in either language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input

from kagami.i18n import mark
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE, Overlay
from kagami.tui.format import pad
from kagami.tui.keys import Action, shown
from kagami.tui.matching import best
from kagami.tui.pinyin import initials
from kagami.tui.shell import Shell
from kagami.tui.widgets.box import Box
from kagami.tui.widgets.painted import Line, Span

_WHERE = 14
# Room for a key: `Enter` needs more than its sign.
_KEY, _PLAIN_KEY = 6, 8


@dataclass(frozen=True, slots=True)
class Entry:
    """`text` in the user's language, `other` in both; `where` says what kind it is; `reason` blocks it."""

    text: str
    other: str
    where: str
    key: str
    do: Callable[[], None]
    reason: str = ""
    weight: float = 1.0

    def spellings(self) -> tuple[str, ...]:
        both = f"{self.text} {self.where}"
        return (both, self.other, initials(both), initials(self.other))


class Palette(Overlay[Entry | None]):
    """Answers the chosen entry."""

    DEFAULT_CSS = """
    Palette Box, Palette Box:focus { padding: 0 1; background: $panel; }
    Palette Vertical#found { margin: 1; height: 1fr; }
    """
    WIDTH: ClassVar[int] = 76
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("palette.up", ("up",), mark("choose"), mark("One row up"), hint=False),
        Action("palette.down", ("down",), mark("choose"), mark("One row down")),
        Action("palette.page_up", ("pageup",), mark("page"), mark("One page up"), hint=False),
        Action("palette.page_down", ("pagedown",), mark("page"), mark("One page down"), hint=False),
        Action("palette.run", ("enter",), mark("run"), mark("Do it"), priority=True),
        CLOSE,
    )

    def __init__(self, shell: Shell, entries: Sequence[Entry], command: Callable[[str], None]) -> None:
        self.command = command  # begins the command line with a text
        self.entries = entries
        self.found = list(entries)
        self.chosen = 0
        super().__init__(shell)

    def inner(self) -> Widget:
        self.box = Box()
        return Vertical(self.box, self.sheet, id="found")

    def on_mount(self) -> None:
        super().on_mount()
        self.box.focus()

    def verbs(self) -> Mapping[str, Verb]:
        return {
            "palette.up": lambda: self._move(-1),
            "palette.down": lambda: self._move(1),
            "palette.page_up": lambda: self._move(-self.sheet.size.height),
            "palette.page_down": lambda: self._move(self.sheet.size.height),
            "palette.run": self._run,
            "overlay.close": self._close,
        }

    def title_text(self) -> tuple[str, str]:
        return self.t(mark("Palette")), f"{len(self.found)}/{len(self.entries)}"

    def rows(self, width: int, height: int) -> Sequence[Line]:
        if not self.found:
            return [[Span(" " + self.t(mark("Nothing has these letters.")), "dim")]]
        top = self._top(height)
        return [self._row(place, width) for place in range(top, min(len(self.found), top + height))]

    def ground(self, row: int) -> str:
        return "cursor" if self.found and row + self._top(self.sheet.size.height) == self.chosen else ""

    def _top(self, height: int) -> int:
        return max(0, min(self.chosen - height // 2, len(self.found) - height))

    def _row(self, place: int, width: int) -> Line:
        entry, looks = self.found[place], self.shell.looks
        sign = looks.glyphs.row if place == self.chosen else " "
        plain = looks.glyphs.tier != "full"
        key = pad(shown(entry.key, plain=plain) if entry.key else "", (_PLAIN_KEY if plain else _KEY) - 1, "right")
        beside = entry.reason or entry.where
        where = pad(beside, min(max(_WHERE, cell_len(beside) + 1), width // 2), "right", looks.text)
        room = width - 4 - cell_len(where) - cell_len(key)
        click = f"screen.pick({place})"
        return [
            Span(f" {sign} ", "accent"),
            Span(pad(entry.text, room, "left", looks.text), "dim" if entry.reason else "text", click),
            Span(where, "warn" if entry.reason else "dim", click),
            Span(f"{key} ", "key", click),
        ]

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value.startswith((":", "：")):
            self.dismiss(Entry("", "", "", "", partial(self.command, event.value[1:])))
            return
        ranked = [(best(event.value, entry.spellings()) * entry.weight, entry) for entry in self.entries]
        self.found = [entry for value, entry in sorted(ranked, key=lambda each: -each[0]) if value]
        self.chosen = 0
        self.repaint()

    def _move(self, step: int) -> None:
        self.chosen = max(0, min(self.chosen + step, len(self.found) - 1))
        self.sheet.repaint()

    def _run(self) -> None:
        if not self.found:
            return
        entry = self.found[self.chosen]
        if entry.reason:
            self.shell.say(entry.text, entry.reason, "warning")
        else:
            self.dismiss(entry)

    def _close(self) -> None:
        self.dismiss(None)

    def action_pick(self, place: int) -> None:
        self.chosen = place
        self._run()
