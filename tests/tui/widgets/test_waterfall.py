from __future__ import annotations

from kagami.model.trace import Mark
from kagami.tui.widgets.waterfall import Leg, Waterfall, legs
from tests.tui.stand import Stand, standing
from tests.tui.world import trace_of


def fall_of(stand: Stand) -> Waterfall:
    assert isinstance(stand.widget, Waterfall)
    return stand.widget


def test_each_mark_begins_a_leg_and_the_next_one_ends_it() -> None:
    trace = trace_of(1, "x", marks=(Mark("lane", 180), Mark("route", 310, "exact")), total_us=900)
    assert legs(trace) == [Leg("frame", 0, 180, ""), Leg("lane", 180, 310, ""), Leg("route", 310, 900, "exact")]


def test_the_legs_make_up_the_whole() -> None:
    trace = trace_of(1, "x")
    assert sum(leg.end_us - leg.start_us for leg in legs(trace)) == trace.total_us


def test_a_trace_without_marks_is_one_leg() -> None:
    assert legs(trace_of(1, "x", marks=(), total_us=0)) == [Leg("frame", 0, 0, "")]


def test_a_bad_frame_s_own_mark_is_the_first_leg() -> None:
    assert [leg.stage for leg in legs(trace_of(1, "x", marks=(Mark("frame", 0, "12 bytes"),)))] == ["frame"]


async def test_bars_lie_one_after_the_other() -> None:
    async with standing(Waterfall, (80, 8)) as (stand, pilot):
        fall_of(stand).show(trace_of(1, "x"))
        await pilot.pause()
        rows = stand.text()[1:6]
        starts = [row.index("━") for row in rows]
        assert starts == sorted(starts)
        assert rows[2].count("━") > 25  # 44.9 of 48.9 ms
        assert "44.9" in rows[2]


async def test_the_marked_leg_is_known() -> None:
    async with standing(Waterfall, (80, 8)) as (stand, pilot):
        fall_of(stand).show(trace_of(1, "x"))
        await pilot.press("j")
        leg = fall_of(stand).leg
        assert leg is not None
        assert leg.stage == "lane"
