"""What was changed from this console and how to put it back, the last change first."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import msgspec

from kagami.i18n import mark
from kagami.operations.settings import SettingsHistory, UndoSettings
from kagami.ports import ChangeRow
from kagami.tui.format import visible
from kagami.tui.keys import Action
from kagami.tui.shell import Shell

MOST = 50
FRESH_S = 10.0
UNDO = Action("ui.undo", ("u",), mark("undo"), mark("Undo the last change"), changes=True, hint=False)


class Change(NamedTuple):
    """`words` are as it was before; `way_back` is the request that makes it so again."""

    words: str
    way_back: msgspec.Struct
    at: float


class Changes:
    """Of one console."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._made: deque[Change] = deque(maxlen=MOST)

    def add(self, words: str, way_back: msgspec.Struct) -> None:
        self._made.append(Change(words, way_back, self._shell.clock.monotonic()))

    @property
    def last(self) -> Change | None:
        return self._made[-1] if self._made else None

    @property
    def fresh(self) -> bool:
        """A change was made moments ago: the footer reminds of the way back."""
        return self.last is not None and self._shell.clock.monotonic() - self.last.at < FRESH_S

    @property
    def hints(self) -> tuple[Action, ...]:
        return (UNDO,) if self.fresh else ()

    async def undo(self) -> None:
        """Send the last way back, once; when the engine refuses it, it stays."""
        change = self.last
        if change is None:
            self._shell.say(self._shell.t(mark("Nothing was changed here that could be undone.")))
            return
        if isinstance(change.way_back, UndoSettings) and await self._overtaken(change.way_back.change):
            self._shell.say(
                self._shell.t(mark("Other settings were changed after that, and would go back too.")),
                self._shell.t(mark("U in the settings undoes them one by one.")),
                "warning",
            )
            return
        await self._shell.control.call(change.way_back)
        self._made.remove(change)
        self._shell.say(self._shell.t(mark("undone: {what}")).format(what=visible(change.words)))

    async def _overtaken(self, change: int) -> bool:
        """Whether something holds that was changed in the settings after `change`, from wherever."""
        rows: list[ChangeRow] = await self._shell.control.call(SettingsHistory())
        return any(each.id > change and not each.undone and each.act != "undo" for each in rows)
