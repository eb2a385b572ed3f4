from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami import log
from kagami.plugins.process.pipes import BYTES_PER_SECOND, LOG_BURST, LONGEST_LOG, Chatter, Gate, Pace, lines
from kagami.plugins.process.wire import LONGEST


async def read(*chunks: bytes) -> list[bytes | None]:
    reader = asyncio.StreamReader()
    for chunk in chunks:
        reader.feed_data(chunk)
    reader.feed_eof()
    return [line async for line in lines(reader)]


@given(st.lists(st.binary(max_size=20).map(lambda line: line.replace(b"\n", b"")), max_size=8))
async def test_lines_come_as_they_were_written(written: list[bytes]) -> None:
    assert await read(b"".join(line + b"\n" for line in written)) == written


async def test_the_last_line_needs_no_end() -> None:
    assert await read(b"a\nb") == [b"a", b"b"]


async def test_a_line_that_is_too_long_is_told_and_left_out() -> None:
    assert await read(b"a\n", b"x" * (LONGEST + 100_000), b"\nb\n") == [b"a", None, b"b"]


async def test_an_endless_line_is_told_for_each_mebibyte() -> None:
    told = await read(b"x" * (4 * LONGEST))
    assert set(told) == {None}
    assert len(told) == 3


def test_a_gate_lets_a_seconds_worth_pass_at_once_and_then_the_rate() -> None:
    gate = Gate(10)
    waits = [gate.wait(1, 0.0) for _ in range(30)]
    assert waits[:10] == [0.0] * 10
    assert waits[-1] == pytest.approx(2.0)


def test_a_gate_is_open_again_after_a_rest() -> None:
    gate = Gate(10)
    for _ in range(20):
        gate.wait(1, 0.0)
    assert gate.wait(1, 5.0) == 0.0


def test_few_large_lines_are_slowed_as_many_small_ones_are() -> None:
    pace = Pace(1_000)
    assert pace.wait(10, 0.0) == 0.0
    assert pace.wait(3 * BYTES_PER_SECOND, 0.0) == pytest.approx(2.0, abs=0.01)


@pytest.fixture
def ring() -> Iterator[log.Ring]:
    ring = log.Ring()
    logger = logging.getLogger("kagami.a child")
    logger.addHandler(ring)
    level = logger.level
    logger.setLevel(logging.DEBUG)
    yield ring
    logger.removeHandler(ring)
    logger.setLevel(level)


def said(ring: log.Ring) -> list[log.LogLine]:
    return ring.window(wanted=lambda _: True, limit=1_000)


def test_a_log_line_is_cut_and_harmless(ring: log.Ring) -> None:
    Chatter(log.get("a child")).say("error", "\x1b[2J" + "x" * 9_000, 0.0, {"text": "1", "cause": "2", "self": "3"})
    (line,) = said(ring)
    assert line.level == logging.ERROR
    assert "\x1b" not in line.text
    assert len(line.text) < LONGEST_LOG + 10
    assert line.fields == {"fields": "text=1 cause=2 self=3"}


def test_an_unknown_level_is_info(ring: log.Ring) -> None:
    Chatter(log.get("a child")).say("__class__", "x", 0.0)
    assert said(ring)[0].level == logging.INFO


def test_a_flood_is_left_out_counted_and_told(ring: log.Ring) -> None:
    chatter = Chatter(log.get("a child"))
    for _ in range(LOG_BURST + 50):
        chatter.say("info", "x", 0.0)
    assert chatter.dropped == pytest.approx(50, abs=1)
    chatter.say("info", "later", 60.0)
    assert [line.text for line in said(ring)[-2:]] == ["log lines of the plugin were left out", "later"]


def test_a_flood_is_forgotten_after_a_quiet_time() -> None:
    chatter = Chatter(log.get("a child"))
    for _ in range(LOG_BURST + 50):
        chatter.say("info", "x", 0.0)
    for _ in range(LOG_BURST + 1):
        chatter.say("info", "x", 100.0)
    assert chatter.dropped <= 2
