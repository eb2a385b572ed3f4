"""What the platform of a bot lets it do: sending, receiving, and what it promises."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from kagami.i18n import mark
from kagami.model.ability import Ability, AbilityName, Level
from kagami.tui.dialogs.reader import Reader
from kagami.tui.format import fold, pad
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

NAMES: dict[AbilityName, str] = {
    "text": mark("text"),
    "mention": mark("mentions"),
    "reply": mark("replies"),
    "image": mark("pictures"),
    "voice": mark("voice"),
    "video": mark("video"),
    "file": mark("files"),
    "card": mark("cards"),
    "edit": mark("change what was sent"),
    "delete": mark("take back what was sent"),
    "reaction": mark("reactions"),
    "typing": mark("show that it types"),
    "members": mark("ask for members"),
    "groups": mark("ask for groups"),
    "mute": mark("mute members"),
    "kick": mark("remove members"),
    "history": mark("read earlier messages"),
    "redelivers": mark("missed events come again"),
    "exactly_once": mark("nothing is sent twice"),
}
_WORDS: dict[Level, tuple[str, str]] = {
    "yes": (mark("yes"), "good"),
    "partly": (mark("partly"), "warn"),
    "no": (mark("no"), "dim"),
}
_NAME_CELLS, _LEVEL_CELLS = 26, 12


class AbilityList(Reader):
    WIDTH: ClassVar[int] = 100

    def __init__(self, shell: Shell, name: str, abilities: Sequence[Ability]) -> None:
        self.name_of = name
        self.abilities = tuple(abilities)
        super().__init__(shell)

    def title_text(self) -> tuple[str, str]:
        return f"{self.name_of}: {self.t(mark('what it can do'))}", ""

    def text(self, width: int) -> Sequence[Line]:
        heads = ((mark("ABILITY"), _NAME_CELLS), (mark("SENDS, DOES"), _LEVEL_CELLS), (mark("RECEIVES"), _LEVEL_CELLS))
        rows: list[Line] = [[Span(" " + pad(self.t(text), cells), "dim") for text, cells in heads]]
        for each in self.abilities:
            rows += self._row(each, width)
        return rows

    def _row(self, ability: Ability, width: int) -> list[Line]:
        tier = self.shell.looks.text
        line = [
            Span(" " + pad(self.t(NAMES[ability.name]), _NAME_CELLS, tier=tier)),
            self._level(ability.send),
            self._level(ability.receive) if ability.receive else Span(" " * (_LEVEL_CELLS + 1)),
        ]
        indent = _NAME_CELLS + 2 * _LEVEL_CELLS + 3
        first, *more = fold(self.t(ability.note), max(12, width - indent - 2)) if ability.note else [""]
        return [[*line, Span(f" {first}", "dim")], *([Span(" " * indent + f" {piece}", "dim")] for piece in more)]

    def _level(self, level: Level) -> Span:
        glyphs = self.shell.looks.glyphs
        sign = {"yes": glyphs.ok, "partly": glyphs.troubled, "no": glyphs.dash}[level]
        word, role = _WORDS[level]
        return Span(" " + pad(f"{sign} {self.t(word)}", _LEVEL_CELLS, tier=self.shell.looks.text), role)
