"""Settings one below the other, with all that is to be said of the marked one at the foot."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from kagami.i18n import mark
from kagami.ports import SettingRow
from kagami.tui.draft import Draft
from kagami.tui.setting_rows import COLUMNS, about, setting_row, summary
from kagami.tui.shell import Shell
from kagami.tui.widgets.listing import Moved
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.rows import Rows
from kagami.tui.widgets.table import LiveTable


class SettingList(Vertical):
    """`show` takes the settings each time; their wished values are in the draft."""

    DEFAULT_CSS = """
    SettingList { height: 1fr; }
    SettingList LiveTable { height: 1fr; }
    SettingList Rows { height: 40%; min-height: 3; max-height: 8; }
    """

    def __init__(self, shell: Shell, draft: Draft, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self.shell = shell
        self.draft = draft
        self.table = LiveTable(shell, COLUMNS, id=f"{id}-rows")
        self.table.empty = lambda: [(), [Span("   " + shell.t(mark("No setting is like that.")), "dim")]]
        self.foot = Rows(shell, self._foot)
        self._settings: Sequence[SettingRow] = ()
        self._whole = False

    def compose(self) -> ComposeResult:
        yield self.table
        yield self.foot

    @property
    def setting(self) -> SettingRow | None:
        """The marked one."""
        return next((row for row in self._settings if row.key == self.table.key), None)

    def show(self, settings: Sequence[SettingRow], *, whole: bool = False) -> None:
        """`whole` keys where several groups stand together."""
        self._settings, self._whole = settings, whole
        self.paint()

    def paint(self) -> None:
        """Show the same settings after the draft has changed."""
        self.table.show([setting_row(self.shell, row, self.draft, whole=self._whole) for row in self._settings])
        self.foot.repaint()

    def on_moved(self, _event: Moved) -> None:
        self.foot.repaint()

    def _foot(self, width: int) -> Sequence[Line]:
        rows: list[Line] = [[Span(" " + self.shell.looks.glyphs.rule * (width - 2), "frame")]]
        if len(self.draft):
            keys = f"  A {self.shell.t(mark('apply'))}  Z {self.shell.t(mark('discard'))}"
            rows = [
                [Span(f" {summary(self.draft, self.shell.t)}", "warn", "app.place('set.apply')"), Span(keys, "key")]
            ]
        row = self.setting
        return [*rows, *(about(self.shell, row, self.draft, width) if row else ())]
