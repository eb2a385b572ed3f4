from __future__ import annotations

from collections.abc import Iterable

import pytest

from kagami.log import LogLine
from kagami.operations.logs import Window
from kagami.tui.tail import BLOCK, BURST, FAR_BEHIND, Tail
from tests.tui.engine import NOW_MS
from tests.tui.world import DEBUG, ERROR, World, line


def seqs(lines: Iterable[LogLine]) -> list[int]:
    return [each.seq for each in lines]


@pytest.fixture
def world() -> World:
    world = World()
    world.log(
        line(seq, f"line {seq}", level=ERROR if seq % 100 == 0 else DEBUG if seq % 2 else 20) for seq in range(1, 1_001)
    )
    return world


async def test_the_end_is_the_newest_block(world: World) -> None:
    tail = Tail(world)
    assert seqs((await tail.end())[0]) == list(range(1_000 - 2 * BLOCK + 2, 1_001, 2))
    assert (tail.newest, tail.kept) == (1_000, 1_000)


async def test_only_what_is_new_is_read(world: World) -> None:
    tail = Tail(world)
    await tail.end()
    assert await tail.new() == []
    world.log([line(1_001, "new"), line(1_002, "debug", level=DEBUG)])
    assert seqs(await tail.new()) == [1_001]


async def test_the_first_lines_of_an_empty_ring_are_not_missed() -> None:
    world = World()
    tail = Tail(world)
    assert await tail.new() == []
    world.log([line(1, "first")])
    assert seqs(await tail.new()) == [1]


async def test_a_line_that_comes_between_the_answers_s_parts_is_not_lost(world: World) -> None:
    """The number of the newest line may be newer than the lines that were looked at."""
    tail = Tail(world)
    await tail.end()
    answer = world.answers[Window]

    def late(request: Window) -> object:
        given = answer(request)
        world.log([line(1_001, "late")])
        given = type(given)(given.lines, given.kept, world.ring.newest, given.counts)
        world.answers[Window] = answer
        return given

    world.answers[Window] = late
    assert await tail.new() == []
    assert seqs(await tail.new()) == [1_001]


async def test_a_flood_is_noticed(world: World) -> None:
    tail = Tail(world)
    await tail.end()
    world.log(line(seq, "flood") for seq in range(1_001, 1_001 + FAR_BEHIND + BURST + 1))
    await tail.new()
    assert tail.far_behind


async def test_what_is_new_is_counted_while_nothing_is_taken(world: World) -> None:
    tail = Tail(world)
    last = (await tail.end())[0][-1].seq
    world.log([line(1_001, "a"), line(1_002, "b", level=DEBUG)])
    assert await tail.count_new(last) == 1
    world.log([line(1_003, "c")])
    assert await tail.count_new(last) == 2
    assert await tail.count_new(last) == 2


async def test_without_a_filter_counting_asks_for_no_lines(world: World) -> None:
    tail = Tail(world)
    tail.level = "debug"
    last = (await tail.end())[0][-1].seq
    world.log(line(seq, "x") for seq in range(1_001, 1_051))
    assert await tail.count_new(last) == 50
    assert world.asked(Window)[-1].limit == 1


async def test_seeking_both_ways(world: World) -> None:
    tail = Tail(world)
    assert await tail.seek(550, back=True, level="error") == 500
    assert await tail.seek(550, back=False, level="error") == 600
    assert await tail.seek(550, back=True, words='"line 4"') == 498
    assert await tail.seek(1_000, back=False, level="error") == 0


async def test_a_place_comes_with_what_is_around_it(world: World) -> None:
    tail = Tail(world)
    tail.level = "debug"
    await tail.end()
    lines, at_end = await tail.around(500)
    assert seqs(lines) == list(range(301, 701))
    assert not at_end
    assert (await tail.around(990))[1]


async def test_the_start_is_the_oldest_line_kept(world: World) -> None:
    tail = Tail(world)
    tail.level = "debug"
    await tail.end()
    assert seqs(await tail.start(lambda _: None))[0] == 1


@pytest.mark.parametrize(("offset", "seq"), [(0, 1), (5_000, 500), (5_001, 501), (99_999_999, 1_000)])
async def test_a_time_is_found(world: World, offset: int, seq: int) -> None:
    assert await Tail(world).at(NOW_MS + offset) == seq


async def test_words_narrow_everything(world: World) -> None:
    tail = Tail(world)
    tail.words = '"line 10"'
    assert seqs((await tail.end())[0]) == [10, 100, 102, 104, 106, 108, 1_000]
    assert seqs(await tail.older(104)) == [10, 100, 102]
