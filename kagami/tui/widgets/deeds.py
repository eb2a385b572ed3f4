"""What was changed last, by whom: one row each, the latest at the bottom."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.ports import AuditRow
from kagami.tui import figures
from kagami.tui.audit_rows import result_text
from kagami.tui.format import pad, visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Painted, Span

WHO_CELLS = 10
# The values of a change say what it was to; secrets are hidden in them already.
_SHELL_OF_VALUES = str.maketrans("", "", '{}"')


class Deeds(Painted):
    """`show` takes rows with the newest first."""

    DEFAULT_CSS = "Deeds { height: 1fr; }"

    def __init__(self, shell: Shell, *, single: bool = False) -> None:
        super().__init__(shell)
        self._rows: Sequence[AuditRow] = ()
        self._single = single
        if single:
            self.styles.height = 1

    @property
    def filled(self) -> bool:
        return bool(self._rows)

    def show(self, rows: Sequence[AuditRow]) -> None:
        self._rows = rows
        self.repaint()

    def lines(self, width: int, height: int) -> Sequence[Line]:
        t = self.shell.t
        if self._single:
            head = f" {t(mark('Last change'))} "
            return [[Span(head, "dim"), *self._row(self._rows[0], width - len(head))]] if self._rows else [()]
        if not self._rows:
            return [[Span(" " + t(mark("What operators change appears here.")), "dim")]]
        return [self._row(row, width) for row in reversed(self._rows[:height])]

    def _row(self, row: AuditRow, width: int) -> Line:
        tier = self.shell.looks.text
        what = f"{row.operation} {visible(row.target.translate(_SHELL_OF_VALUES), tier)}"
        went = "" if row.result == "ok" else f"  {result_text(row.result, self.shell.t)}"
        room = max(1, width - 11 - WHO_CELLS - 1)
        return [
            Span(f" {figures.clock(row.at_ms)} ", "dim"),
            Span(pad(visible(row.name, tier), WHO_CELLS, tier=tier) + " ", "accent"),
            Span(pad(what + went, room, tier=tier), "text" if row.result == "ok" else "warn"),
        ]
