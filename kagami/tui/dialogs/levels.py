"""The level sheet: from which level on log lines are shown, and how many there are of each."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import ClassVar

from kagami.i18n import mark
from kagami.operations.logs import Level
from kagami.tui.acting import Verb
from kagami.tui.dialogs.pick import Offer, Pick
from kagami.tui.figures import count
from kagami.tui.keys import Action
from kagami.tui.log_actions import LEVELS
from kagami.tui.shell import Shell

_WORDS = {
    "debug": mark("debug: everything"),
    "info": mark("info: and what is worse"),
    "warning": mark("warning: and errors"),
    "error": mark("error: nothing else"),
}


class LevelSheet(Pick):
    """Answers the name of a level; its letter is enough."""

    WIDTH: ClassVar[int] = 60
    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *Pick.ACTIONS,
        *(
            Action(f"levels.{level}", (letter.lower(), letter), level, _WORDS[level], hint=False)
            for level, letter in LEVELS
        ),
    )

    def __init__(self, shell: Shell, now: Level, counts: Mapping[str, int]) -> None:
        lines = shell.t(mark("{count} lines since the start"))
        offers = [
            Offer(level, f"{letter}  {shell.t(_WORDS[level])}", lines.format(count=count(counts.get(level, 0))))
            for level, letter in LEVELS
        ]
        super().__init__(shell, shell.t(mark("Lowest level")), offers)
        self.chosen = next(place for place, (level, _) in enumerate(LEVELS) if level == now)

    def verbs(self) -> Mapping[str, Verb]:
        letters = {f"levels.{level}": partial(self.action_pick, place) for place, (level, _) in enumerate(LEVELS)}
        return {**super().verbs(), **letters}
