from __future__ import annotations

from kagami.tui.widgets.waterfall import Waterfall
from tests.tui.stand import Stand, standing
from tests.tui.world import trace_of


def fall_of(stand: Stand) -> Waterfall:
    assert isinstance(stand.widget, Waterfall)
    return stand.widget


async def test_bars_lie_one_after_the_other() -> None:
    async with standing(Waterfall, (80, 8)) as (stand, pilot):
        fall_of(stand).show(trace_of(1, "x"))
        await pilot.pause()
        rows = stand.text()[1:9]
        starts = [row.index("━") for row in rows]
        assert starts == sorted(starts)
        assert rows[5].count("━") > 25  # 44.9 of 48.9 ms
        assert "44 870" in rows[5]


async def test_the_marked_leg_is_known() -> None:
    async with standing(Waterfall, (80, 8)) as (stand, pilot):
        fall_of(stand).show(trace_of(1, "x"))
        await pilot.press("j")
        leg = fall_of(stand).leg
        assert leg is not None
        assert leg.stage == "lane"
