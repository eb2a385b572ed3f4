"""Which kind of bot: a list with what each of them needs."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len

from kagami.tui.dialogs.pick import Pick


class KindPick(Pick):
    """As wide as what is said of the kinds."""

    WIDTH: ClassVar[int] = 92

    def half(self, width: int) -> int:
        return min(width // 2, max(cell_len(each.name) for each in self.offers) + 1)
