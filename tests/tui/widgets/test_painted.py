from __future__ import annotations

from collections.abc import Sequence

import pytest
from textual.geometry import Region

from kagami.tui.looks import THEMES, looks
from kagami.tui.widgets.painted import Line, Painted, Span, to_strip
from tests.tui.corpus import CORPUS
from tests.tui.stand import Stand, standing


class Rows(Painted):
    """Shows what a test sets, and remembers what was sent anew."""

    def __init__(self, stand: Stand) -> None:
        super().__init__(stand)
        self.rows: list[Line] = [[Span("one", "text", "app.hit(1)")], [Span("two")], [Span("三")]]
        self.regions: list[Region] = []

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return self.rows

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Rows:
        self.regions += regions
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


def rows_of(stand: Stand) -> Rows:
    assert isinstance(stand.widget, Rows)
    return stand.widget


@pytest.mark.parametrize("text", CORPUS)
def test_no_foreign_text_reaches_the_terminal_unchanged(text: str) -> None:
    strip = to_strip([Span(text)], 30, looks("full", "night"))
    assert strip.cell_length == 30
    assert all(segment.text.isprintable() and segment.control is None for segment in strip)


@pytest.mark.parametrize("theme", THEMES)
def test_a_row_is_filled_to_its_width_with_its_ground(theme: str) -> None:
    strip = to_strip([Span("三", "good")], 7, looks("full", theme), "cursor")
    assert strip.cell_length == 7
    assert strip.text == "三     "


async def test_only_rows_that_changed_are_painted() -> None:
    async with standing(Rows) as (stand, _):
        rows = rows_of(stand)
        rows.regions.clear()
        rows.rows[1] = [Span("deux")]
        rows.repaint()
        assert rows.regions == [Region(0, 1, 40, 1)]
        rows.regions.clear()
        rows.repaint()
        assert rows.regions == []


async def test_other_looks_paint_everything() -> None:
    async with standing(Rows) as (stand, pilot):
        stand.looks = looks("ascii", "paper")
        rows_of(stand).repaint()
        await pilot.pause()
        assert stand.text()[2] == "??"


async def test_a_span_under_the_mouse_has_its_action() -> None:
    async with standing(Rows) as (stand, _):
        rows = rows_of(stand)
        assert rows.action_at(2, 0) == "app.hit(1)"
        assert rows.action_at(3, 0) == ""
        assert rows.action_at(0, 9) == ""
