from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from kagami.log import LogLine, Ring
from kagami.storage.logbook import Logbook
from kagami.storage.logfiles import ACTIVE, LogFiles, decode
from kagami.testing.clock import FakeClock

SECONDS = 10.0


def record(text: str, level: int = logging.INFO, ms: int = 0) -> logging.LogRecord:
    made = logging.LogRecord("kagami.hub", level, "x.py", 1, "%s", (text,), None)
    made.created = ms / 1000
    return made


@pytest.fixture
def ring() -> Ring:
    """Holds less than is on disk."""
    return Ring(capacity=10)


@pytest.fixture
async def book(ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Logbook]:
    """100 lines in closed files, the open one and memory; each tenth is an error, the time is the number."""
    monkeypatch.setattr("kagami.storage.logfiles.SEGMENT_BYTES", 2_000)
    made = Logbook(ring, tmp_path)
    await made.open()
    for each in range(1, 101):
        level = logging.ERROR if each % 10 == 0 else logging.INFO
        ring.handle(record(f"Line {each} of {'sevens' if each % 7 == 0 else 'others'}", level, ms=each))
        if each % 9 == 0:
            await made.flush()
    yield made
    await made.close()


def numbers(lines: list[LogLine]) -> list[int]:
    return [line.seq for line in lines]


async def test_the_newest_lines_come_from_memory_and_disk_as_one(book: Logbook) -> None:
    page = await book.back(0, "", before=0, limit=50, seconds=SECONDS)
    assert numbers(page.lines) == list(range(51, 101))


async def test_older_lines_are_read_from_where_one_is(book: Logbook) -> None:
    page = await book.back(0, "", before=31, limit=5, seconds=SECONDS)
    assert numbers(page.lines) == [26, 27, 28, 29, 30]


async def test_reading_forth_goes_from_disk_into_memory(book: Logbook) -> None:
    page = await book.forth(0, "", after=80, limit=50, seconds=SECONDS)
    assert numbers(page.lines) == list(range(81, 101))


async def test_a_word_is_found_in_any_case_everywhere(book: Logbook) -> None:
    page = await book.back(0, "SEVENS", before=0, limit=100, seconds=SECONDS)
    assert numbers(page.lines) == list(range(7, 101, 7))


async def test_a_level_is_found_everywhere(book: Logbook) -> None:
    page = await book.forth(logging.ERROR, "", after=0, limit=100, seconds=SECONDS)
    assert numbers(page.lines) == list(range(10, 101, 10))


async def test_both_ways_stop_at_their_limit(book: Logbook) -> None:
    back = await book.back(logging.ERROR, "", before=0, limit=3, seconds=SECONDS)
    forth = await book.forth(logging.ERROR, "", after=0, limit=3, seconds=SECONDS)
    assert (numbers(back.lines), numbers(forth.lines)) == ([80, 90, 100], [10, 20, 30])


async def test_a_search_without_time_says_how_far_it_came_and_goes_on_from_there(book: Logbook) -> None:
    first = await book.back(0, "nowhere", before=0, limit=5, seconds=-1)
    assert (first.lines, first.done) == ([], False)
    assert 0 < first.reached <= 91
    rest = await book.back(0, "line 33", before=first.reached, limit=5, seconds=SECONDS)
    assert (numbers(rest.lines), rest.done) == ([33], True)


@pytest.mark.parametrize(("time_ms", "number"), [(0, 1), (1, 1), (55, 55), (95, 95), (1_000, 100)])
async def test_a_time_is_found(book: Logbook, time_ms: int, number: int) -> None:
    assert await book.at(time_ms) == number


async def test_lines_are_counted_over_a_time(book: Logbook) -> None:
    parts, whole = await book.histogram(0, "", since_ms=1, until_ms=101, buckets=4, seconds=SECONDS)
    assert whole
    assert [sum(part.values()) for part in parts] == [25, 25, 25, 25]
    assert [part.get(logging.ERROR, 0) for part in parts] == [2, 3, 2, 3]


async def test_counting_takes_the_filter_too(book: Logbook) -> None:
    parts, _ = await book.histogram(0, "sevens", since_ms=1, until_ms=101, buckets=1, seconds=SECONDS)
    assert parts == [{logging.INFO: 13, logging.ERROR: 1}]


async def test_the_next_run_goes_on_with_the_numbers(book: Logbook, tmp_path: Path) -> None:
    await book.close()
    ring = Ring()
    ring.handle(record("said before the book was open"))
    again = Logbook(ring, tmp_path)
    await again.open()
    ring.handle(record("said after"))
    page = await again.back(0, "", before=0, limit=4, seconds=SECONDS)
    assert numbers(page.lines) == [99, 100, 101, 102]
    await again.close()


async def test_what_threads_say_while_it_is_opened_is_on_disk_in_its_order(tmp_path: Path) -> None:
    ring, going = Ring(), threading.Event()

    def speak() -> None:
        while not going.is_set():
            ring.handle(record("from a thread"))

    threads = [threading.Thread(target=speak) for _ in range(2)]
    for each in threads:
        each.start()
    book = Logbook(ring, tmp_path)
    await book.open()
    await book.flush()
    going.set()
    for each in threads:
        each.join()
    await book.close()
    said = (tmp_path / ACTIVE).read_bytes().splitlines()
    assert [decode(line).seq for line in said] == list(range(1, ring.newest + 1))


async def test_what_was_given_up_in_the_middle_of_writing_is_on_disk_in_its_order(
    ring: Ring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Logbook(ring, tmp_path)
    await book.open()
    begun, going, append = threading.Event(), threading.Event(), LogFiles.append

    def slow(files: LogFiles, lines: Sequence[bytes]) -> None:
        begun.set()
        going.wait(5)
        append(files, lines)

    ring.handle(record("one"))
    with monkeypatch.context() as patch:
        patch.setattr(LogFiles, "append", slow)
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(book.flush())
            await asyncio.to_thread(begun.wait, 5)
            writing.cancel()
        ring.handle(record("two"))
        async with asyncio.TaskGroup() as group:
            group.create_task(book.close())
            going.set()
    assert [decode(line).text for line in (tmp_path / ACTIVE).read_bytes().splitlines()] == ["one", "two"]


async def test_a_folder_that_cannot_be_used_leaves_what_is_in_memory(ring: Ring, tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file")
    book = Logbook(ring, tmp_path / "logs")
    await book.open()
    ring.handle(record("hello"))
    assert [line.text for line in (await book.back(0, "hello", before=0, limit=9, seconds=SECONDS)).lines] == ["hello"]


async def test_a_disk_that_takes_nothing_for_a_while_loses_nothing(
    book: Logbook, ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, lines: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("kagami.storage.logfiles.LogFiles.append", full)
        for each in range(101, 121):
            ring.handle(record(f"Line {each}", ms=each))
            await book.flush()
    page = await book.back(0, "", before=111, limit=3, seconds=SECONDS)
    assert numbers(page.lines) == [108, 109, 110]


async def test_a_flood_stays_within_its_budget(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.logfiles.SEGMENT_BYTES", 20_000)
    ring = Ring()
    flooded = Logbook(ring, tmp_path, keep_mb=100_000 / (1 << 20), clock=FakeClock(wall_ms=1_000))
    await flooded.open()
    most = 0
    for each in range(200):
        for part in range(20):
            # Nothing of it can be compressed well.
            ring.handle(record(sha256(f"{each} {part}".encode()).hexdigest(), ms=each))
        await flooded.flush()
        most = max(most, sum(path.stat().st_size for path in tmp_path.iterdir()))  # noqa: ASYNC240 - what is measured
    assert most < 100_000
    assert flooded.newest == 4_000


async def test_without_files_there_is_what_memory_holds(ring: Ring) -> None:
    book = Logbook(ring)
    await book.open()
    for each in range(1, 31):
        ring.handle(record(f"Line {each}", ms=each))
    assert (book.newest, book.oldest) == (30, 21)
    assert numbers((await book.forth(0, "", after=0, limit=99, seconds=SECONDS)).lines) == list(range(21, 31))
