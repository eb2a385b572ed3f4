from __future__ import annotations

import asyncio
import threading

import pytest

from kagami.tui.line import MOST_WAITING, Line


async def test_what_was_put_is_taken_in_order() -> None:
    line = Line()
    line.put("one ")
    line.put("two")
    assert await line.take() == "one two"
    assert line.waiting == 0


async def test_a_reader_waits_for_another_thread() -> None:
    line = Line()
    reading = asyncio.ensure_future(line.take())
    await asyncio.sleep(0)
    threading.Thread(target=line.put, args=("late",)).start()
    async with asyncio.timeout(5):
        assert await reading == "late"


async def test_nothing_taken_costs_no_more_than_the_bound() -> None:
    line = Line()
    for _ in range(200):
        line.put("x" * 10_000)
    assert line.waiting <= MOST_WAITING + 10_000


async def test_dropped_frames_are_painted_anew_once_the_tab_has_caught_up() -> None:
    asked: list[str] = []
    line = Line(lambda: asked.append("paint"))
    line.put("x" * (MOST_WAITING + 1))
    line.put("lost")
    assert not asked
    assert "lost" not in await line.take()
    assert asked == ["paint"]
    line.put("anew")
    assert await line.take() == "anew"
    assert asked == ["paint"]


async def test_the_end_comes_after_what_waits_and_stays() -> None:
    line = Line()
    line.put("last")
    line.end("left")
    line.end("logout")
    line.put("too late")
    assert [await line.take() for _ in range(3)] == ["last", "", ""]
    assert line.ended == "left"


def test_a_line_whose_reader_has_gone_can_still_be_written() -> None:
    async def make() -> Line:
        return Line()

    line = asyncio.run(make())
    line.put("nobody")
    line.end("stopping")
    assert line.ended == "stopping"


@pytest.mark.parametrize("threads", [4])
async def test_writers_in_threads_lose_nothing_below_the_bound(threads: int) -> None:
    line = Line()

    def write() -> None:
        for _ in range(500):
            line.put("x")

    writers = [threading.Thread(target=write) for _ in range(threads)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert await line.take() == "x" * 500 * threads
