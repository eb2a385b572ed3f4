from __future__ import annotations

import pytest
from textual.geometry import Region

from kagami.tui.widgets.listing import Moved
from kagami.tui.widgets.painted import Span
from kagami.tui.widgets.table import Column, LiveTable, Row
from tests.tui.corpus import CORPUS
from tests.tui.stand import Stand, standing

COLUMNS = (Column("NAME", 6, grow=True), Column("RATE", 5, "right"), Column("NOTE", 8, drop=1))


def row(key: str, rate: float, note: str = "") -> Row:
    return Row(key, (Span(key), Span(f"{rate:.0f}"), Span(note)), (key, rate, note))


class Table(LiveTable):
    """Remembers which regions were sent anew."""

    def __init__(self, stand: Stand) -> None:
        super().__init__(stand, COLUMNS)
        self.regions: list[Region] = []

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Table:
        self.regions += regions
        super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)
        return self


def table_of(stand: Stand) -> Table:
    assert isinstance(stand.widget, Table)
    return stand.widget


async def test_columns_are_aligned_and_growing_ones_fill_the_width() -> None:
    async with standing(Table, (40, 4)) as (stand, pilot):
        table_of(stand).show([row("小镜", 121, "ok"), row("shiori", 7)])
        await pilot.pause()
        assert stand.text()[:3] == [
            "   NAME                   RATE NOTE",
            " ▶ 小镜                    121 ok",
            "   shiori                    7",
        ]


async def test_a_narrow_table_drops_the_columns_that_may_go() -> None:
    async with standing(Table, (20, 4)) as (stand, _):
        table_of(stand).show([row("a", 1, "note")])
        assert "NOTE" not in stand.text()[0]
        assert "RATE" in stand.text()[0]


async def test_where_nothing_may_go_the_growing_columns_give_way() -> None:
    async with standing(Table, (14, 4)) as (stand, pilot):
        table_of(stand).show([row("a long name", 12345)])
        await pilot.pause()
        assert stand.text()[1] == " ▶ a l… 12345"


async def test_only_the_row_that_changed_is_painted() -> None:
    async with standing(Table, (40, 20)) as (stand, pilot):
        table = table_of(stand)
        rows = [row(f"k{each}", each) for each in range(50)]
        table.show(rows)
        await pilot.pause()
        table.regions.clear()
        table.show([*rows[:7], row("k7", 999), *rows[8:]])
        assert table.regions == [Region(0, 8, 40, 1)]


async def test_the_same_rows_paint_nothing() -> None:
    async with standing(Table) as (stand, pilot):
        table = table_of(stand)
        table.show([row("a", 1)])
        await pilot.pause()
        table.regions.clear()
        table.show([row("a", 1)])
        assert table.regions == []


async def test_the_cursor_stays_on_its_key() -> None:
    async with standing(Table) as (stand, pilot):
        table = table_of(stand)
        table.show([row("a", 1), row("b", 2)])
        await pilot.press("j")
        table.show([row("new", 3), row("a", 1), row("b", 2)])
        assert table.key == "b"


async def test_rows_that_come_on_top_while_nobody_looks_are_on_top_afterwards() -> None:
    async with standing(Table) as (stand, pilot):
        table = table_of(stand)
        old = [row(f"old {number}", number) for number in range(60)]
        table.show(old)
        table.display = False
        await pilot.pause()
        table.show([row("new", 0), row("newer", 0), *old])
        table.display = True
        await pilot.pause()
        assert (table.key, table.top) == ("old 0", 0)


async def test_a_row_that_goes_hands_the_cursor_on_and_says_so() -> None:
    async with standing(Table) as (stand, pilot):
        table = table_of(stand)
        table.show([row("a", 1), row("b", 2)])
        await pilot.press("j")
        table.show([row("a", 1)])
        await pilot.pause()
        assert table.key == "a"
        assert [each.key for each in stand.posted if isinstance(each, Moved)][-1] == "a"


async def test_selecting_by_key() -> None:
    async with standing(Table) as (stand, _):
        table = table_of(stand)
        table.show([row("a", 1), row("b", 2)])
        assert table.select("b")
        assert table.key == "b"
        assert not table.select("nobody")


async def test_sorting_by_numbers_and_back() -> None:
    async with standing(Table) as (stand, _):
        table = table_of(stand)
        table.show([row("a", 9), row("b", 100), row("c", 20)])
        table.sort(1)
        assert [each.key for each in table.rows] == ["b", "c", "a"]
        table.sort(1, descending=False)
        assert [each.key for each in table.rows] == ["a", "c", "b"]
        for _ in range(2):
            table.sort_next()
        assert table.sorted_by is None
        assert [each.key for each in table.rows] == ["a", "b", "c"]


async def test_an_empty_table_says_what_will_be_there() -> None:
    async with standing(Table) as (stand, _):
        table = table_of(stand)
        table.empty = lambda: [[Span("press a")]]
        table.repaint()
        assert "press a" in stand.text()


@pytest.mark.parametrize("width", [12, 33, 80])
async def test_no_text_leaves_its_cells(width: int) -> None:
    async with standing(Table, (width, 12)) as (stand, pilot):
        for block in range(0, len(CORPUS), 8):
            table_of(stand).show([row(text[:3_000], 1, text) for text in CORPUS[block : block + 8]])
            await pilot.pause()
            strips = stand.screen._compositor.render_strips()
            assert {strip.cell_length for strip in strips} == {width}
