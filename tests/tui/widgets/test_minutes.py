from __future__ import annotations

from kagami.tui.hour import MINUTE_MS, Hour
from kagami.tui.widgets.minutes import CLOCK_CELLS, Minutes
from tests.tui.engine import NOW_MS
from tests.tui.stand import standing
from tests.tui.world import ERROR, World, line


async def test_each_minute_has_its_cell_the_looked_at_one_is_told_and_a_click_goes_there() -> None:
    world, picked = World(), list[int]()
    world.log([line(1, "a", time_ms=NOW_MS - 2 * MINUTE_MS), line(2, "b", level=ERROR, time_ms=NOW_MS)])
    hour = Hour(world)
    hour.aim(NOW_MS, NOW_MS)
    while await hour.read(0.0):
        pass
    async with standing(lambda shell: Minutes(shell, hour, lambda: NOW_MS, picked.append), (80, 1)) as (stand, pilot):
        (row,) = stand.text()
        assert row.startswith(" 22:42 ")
        assert row.endswith(" 23:42")
        cells = row[CLOCK_CELLS : CLOCK_CELLS + 60]
        assert [place for place, sign in enumerate(cells) if sign != "⠀"] == [57, 59]
        widget = stand.widget
        assert isinstance(widget, Minutes)
        assert "".join(span.text for span in widget.told()) == " 23:41: 1 lines/min  E 1 "
        await pilot.click(offset=(CLOCK_CELLS + 57, 0))
        assert picked == [(NOW_MS - 2 * MINUTE_MS) // MINUTE_MS * MINUTE_MS]
