"""What every tab of the settings place has."""

from __future__ import annotations

from textual.containers import Container
from textual.widget import Widget

from kagami.tui.setting_list import SettingList
from kagami.tui.shell import Shell

WIDE = 110  # cells from which panes stand beside each other
NARROW = 72  # below this one pane is shown at a time


class Tab(Container):
    """`settings` are those of the tab, if it has some; the place changes them by the same keys everywhere."""

    settings: SettingList | None = None

    def __init__(self, shell: Shell, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.shell = shell

    def lay_out(self, width: int) -> None:
        """For so many cells; the style sheet of the place does the rest."""
        self.set_class(width >= WIDE, "wide")
        self.set_class(width < NARROW, "narrow")

    async def read(self) -> None:
        """Read what is shown besides the settings."""

    def paint(self) -> None:
        """Show the settings and their wishes anew."""
        raise NotImplementedError

    def first(self) -> Widget:
        """What takes the focus."""
        raise NotImplementedError

    def subject(self) -> str:
        """The name of what is marked."""
        raise NotImplementedError

    def back(self) -> bool:
        """Leave one inner step; False when there is none."""
        return False
