"""What a test of a bot has found, step by step, and whether to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.ports import Finding
from kagami.reasons.say import say
from kagami.tui.acting import Verb
from kagami.tui.dialogs.overlay import CLOSE
from kagami.tui.dialogs.reader import Reader
from kagami.tui.format import fold, visible
from kagami.tui.keys import Action
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

_ROLES = {"ok": "good", "warn": "warn", "bad": "bad"}


class Findings(Reader):
    """Answers True for going on all the same."""

    WIDTH: ClassVar[int] = 96
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("findings.go", ("enter",), mark("add it"), mark("Add the bot with these keys"), changes=True),
        *Reader.ACTIONS[:-1],
        Action(CLOSE.id, CLOSE.keys, mark("change"), mark("Back to the keys")),
    )

    def __init__(self, shell: Shell, title: str, found: Sequence[Finding]) -> None:
        self.title_of = title
        self.found = tuple(found)
        super().__init__(shell)

    def verbs(self) -> Mapping[str, Verb]:
        return {**super().verbs(), "findings.go": lambda: self._end(go=True)}

    def _end(self, *, go: bool) -> None:
        self.dismiss(go)

    def title_text(self) -> tuple[str, str]:
        return self.title_of, ""

    def text(self, width: int) -> Sequence[Line]:
        rows: list[Line] = [[]]
        for number, each in enumerate(self.found, 1):
            sign = finding_sign(self.shell, each)
            rows += self._folded(f"{number} {sign} {say(each.text, self.t)}", _ROLES[each.state], width)
            rows += self._folded(f"    {say(each.fix, self.t)}", "text", width) if each.fix else []
        sound = all(each.state != "bad" for each in self.found)
        told = (
            mark("All is well: Enter adds it.") if sound else mark("Esc: change the keys. Enter: add it all the same.")
        )
        return [*rows, [], [Span(f" {self.t(told)}", "strong")]]

    def _folded(self, text: str, role: str, width: int) -> list[Line]:
        shown = visible(text, self.shell.looks.text)
        indent = "    " if shown.startswith("    ") else ""
        return [[Span(f" {indent}{piece}", role)] for piece in fold(shown[len(indent) :], width - len(indent) - 2)]


def finding_sign(shell: Shell, found: Finding) -> str:
    glyphs = shell.looks.glyphs
    return {"ok": glyphs.ok, "warn": glyphs.attention, "bad": glyphs.failed}[found.state]
