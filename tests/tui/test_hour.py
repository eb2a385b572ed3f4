from __future__ import annotations

from kagami.operations.logs import Histogram
from kagami.tui.hour import MINUTE_MS, Hour
from tests.tui.engine import NOW_MS
from tests.tui.world import ERROR, World, line


async def everything(hour: Hour, now_s: float = 0.0) -> None:
    while await hour.read(now_s):
        pass


def world_of(*minutes_ago: int) -> World:
    world = World()
    world.log(
        line(seq, "x", level=ERROR, time_ms=NOW_MS - ago * MINUTE_MS)
        for seq, ago in enumerate(sorted(minutes_ago, reverse=True), 1)
    )
    return world


async def test_the_last_hour_is_read_in_pieces_the_newest_first() -> None:
    world = world_of(0, 0, 30, 59, 70)
    hour = Hour(world)
    hour.aim(NOW_MS, NOW_MS)
    assert await hour.read(0.0)
    assert [each is not None for each in hour.minutes] == [False] * 50 + [True] * 10
    await everything(hour)
    found = {59 - place: each["error"] for place, each in enumerate(hour.minutes) if each}
    assert found == {0: 2, 30: 1, 59: 1}
    assert len(world.asked(Histogram)) == 6


async def test_only_the_minute_that_runs_is_counted_again_and_the_one_that_has_ended() -> None:
    world = world_of(0)
    hour = Hour(world)
    hour.aim(NOW_MS, NOW_MS)
    await everything(hour)
    asked = len(world.asked(Histogram))
    await everything(hour, 4.0)
    assert len(world.asked(Histogram)) == asked
    await hour.read(5.0)
    assert world.asked(Histogram)[-1].buckets == 1
    hour.aim(NOW_MS + MINUTE_MS, NOW_MS + MINUTE_MS)
    await hour.read(5.0)
    assert world.asked(Histogram)[-1].buckets == 2


async def test_an_earlier_moment_is_in_the_middle_and_the_window_stays_while_it_moves_inside() -> None:
    hour, early = Hour(world_of(0)), NOW_MS - 300 * MINUTE_MS
    hour.aim(early, NOW_MS)
    first = hour.first
    assert first == early // MINUTE_MS - 30
    hour.aim(early + 20 * MINUTE_MS, NOW_MS)
    assert hour.first == first


async def test_other_words_are_counted_anew() -> None:
    hour = Hour(world_of(0))
    hour.aim(NOW_MS, NOW_MS)
    await everything(hour)
    hour.want("debug", "nowhere")
    assert not any(hour.minutes)
    await everything(hour)
    assert hour.minutes[-1] == {}
