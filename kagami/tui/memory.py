"""What a place looks like is kept from one console to the next: its filter, the order of its tables, its tip."""

from __future__ import annotations

from collections.abc import Iterator

from kagami.i18n import mark
from kagami.tui.place import Place
from kagami.tui.shell import Shell
from kagami.tui.state import State
from kagami.tui.tips import TIPS
from kagami.tui.widgets.table import LiveTable


class Memory:
    """Over the state of one console."""

    def __init__(self, shell: Shell, state: State) -> None:
        self._shell = shell
        self._state = state

    def recall(self, place: Place) -> None:
        """A place is there for the first time: as it was left."""
        for name, table in _tables(place):
            table.order = self._state.sorts.get(name, "")
        if kept := self._state.filters.get(place.NAME):
            place.filter_by(kept)
        self._tell_refused()

    def _tell_refused(self) -> None:
        """Which of the person's own keys are not used, and why."""
        t, refused = self._shell.t, self._shell.keymap.refused
        for each in refused:
            words = t(each.text).format(key=each.key, other=each.other)
            self._shell.say(t(mark("The key of {id} stays as it was")).format(id=each.id), words, "warning")
        refused.clear()

    def keep(self, place: Place) -> None:
        """As it is seen now."""
        if not place.is_mounted:
            return
        self._state.filters = _with(self._state.filters, place.NAME, place.filter_text())
        for name, table in _tables(place):
            self._state.sorts = _with(self._state.sorts, name, table.order)

    def tip(self, name: str) -> str:
        """The tip of a place, once."""
        state = self._state
        if state.tips_off or name in state.tips or name not in TIPS:
            return ""
        state.tips = [*state.tips, name]
        return self._shell.t(TIPS[name])


def _tables(place: Place) -> Iterator[tuple[str, LiveTable]]:
    """The tables of a place with the names under which their order is kept."""
    for number, table in enumerate(place.query(LiveTable)):
        yield f"{place.NAME}.{table.id or number}", table


def _with(kept: dict[str, str], name: str, value: str) -> dict[str, str]:
    if kept.get(name, "") == value:
        return kept
    others = {each: text for each, text in kept.items() if each != name}
    return {**others, name: value} if value else others
