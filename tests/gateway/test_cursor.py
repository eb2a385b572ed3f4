from __future__ import annotations

from kagami.core.partition import SLOTS
from kagami.core.position import Position
from kagami.gateway.cursor import Cursor
from kagami.testing.values import MemoryValues


def cursor(values: MemoryValues, name: str = "app") -> Cursor:
    store: object = values
    return Cursor(store, name)  # type: ignore[arg-type]


def at(*numbers: int) -> Position:
    return Position(numbers)


async def test_the_first_time_it_begins_with_what_is_new() -> None:
    fresh = cursor(MemoryValues())
    assert await fresh.open(at(7), 100) is True
    assert (fresh.sent, fresh.taken) == (at(7), at(7))


async def test_only_what_was_taken_is_kept() -> None:
    values = MemoryValues()
    one = cursor(values)
    await one.open(at(0), 0)
    one.advance(5, 50)
    one.confirm(at(3), 0)
    one.advance(9, 90)
    await one.save()
    again = cursor(values)
    assert await again.open(at(100), 0) is False
    assert (again.sent, again.taken) == (at(3), at(3))


async def test_the_time_of_what_was_taken_is_that_of_the_last_event() -> None:
    one = cursor(MemoryValues())
    await one.open(at(0), 1)
    one.advance(5, 50)
    assert one.taken_ms == 1
    one.confirm(at(5), 1)
    assert one.taken_ms == 50


async def test_nothing_is_written_when_nothing_has_changed() -> None:
    values = MemoryValues()
    one = cursor(values)
    await one.save()
    assert values.kept == {}
    await one.open(at(4), 0)
    await one.save()
    assert len(values.kept) == 1
    values.kept.clear()
    await one.save()
    assert values.kept == {}


async def test_each_connection_has_its_own() -> None:
    values = MemoryValues()
    for name, number in (("app", 3), ("app|qq:1", 8)):
        one = cursor(values, name)
        await one.open(at(number), 0)
        await one.save()
    other = cursor(values, "app|qq:1")
    await other.open(at(9), 0)
    assert other.taken == at(8)


async def test_one_of_a_newer_store_begins_with_what_is_new() -> None:
    values = MemoryValues()
    newer = cursor(values)
    await newer.open(at(900), 0)
    await newer.save()
    restored = cursor(values)
    assert await restored.open(at(7), 100) is True
    assert (restored.sent, restored.taken) == (at(7), at(7))


async def test_one_that_never_knew_where_it_stands_is_no_beginning() -> None:
    values = MemoryValues()
    first = cursor(values)
    await first.open(at(5), 0)
    await first.save()
    again = cursor(values)
    await again.open(at(9), 0, before=cursor(values))
    assert again.taken == at(5)


async def test_one_that_another_went_on_from_writes_nothing_any_more() -> None:
    values = MemoryValues()
    before, after = cursor(values), cursor(values)
    await before.open(at(0), 0)
    await after.open(at(0), 0, before)
    after.advance(8, 0)
    after.confirm(at(8), 1)
    await after.save()
    before.advance(3, 0)
    before.confirm(at(3), 0)
    await before.save()
    again = cursor(values)
    await again.open(at(9), 0)
    assert again.taken == at(8)


async def test_who_left_before_that_was_known_has_missed_what_came_since() -> None:
    values = MemoryValues()
    hasty, again = cursor(values), cursor(values)
    hasty.begin(at(4), 40)
    again.begin(at(9), 90, hasty)
    assert await again.open(at(9), 90, hasty) is False
    assert (again.sent, again.taken_ms) == (at(4), 40)


def among(**numbers: int) -> Position:
    """A position among several processes: `s3=7000` for a slot."""
    found = [0] * SLOTS
    for slot, number in numbers.items():
        found[int(slot.removeprefix("s"))] = number
    return Position(found)


MINE, THEIRS = 3 * 256, 5 * 256 + 9  # numbers of the slots 3 and 5


async def test_among_several_processes_a_place_among_each_ones_events_is_kept() -> None:
    values = MemoryValues()
    one = cursor(values)
    await one.open(among(), 0)
    one.advance(MINE, 5)
    one.advance(THEIRS, 6)
    one.confirm(one.sent, 2)
    await one.save()
    again = cursor(values)
    assert await again.open(among(s3=MINE + 8, s5=THEIRS + 8), 9) is False
    assert (again.taken, again.taken_ms) == (among(s3=MINE, s5=THEIRS), 6)


async def test_one_of_a_process_that_was_alone_has_everything_up_to_its_number() -> None:
    values = MemoryValues()
    alone = cursor(values)
    await alone.open(at(THEIRS), 4)
    await alone.save()
    now = cursor(values)
    assert await now.open(among(s5=THEIRS + 1), 9) is False
    assert now.sent == Position.at(THEIRS, SLOTS)


async def test_one_that_was_among_several_goes_on_alone_from_the_last_event() -> None:
    values = MemoryValues()
    one = cursor(values)
    await one.open(among(s3=MINE, s5=THEIRS), 4)
    await one.save()
    alone = cursor(values)
    await alone.open(at(THEIRS + 100), 9)
    assert alone.sent == at(THEIRS)


async def test_who_was_at_another_process_since_goes_on_from_there() -> None:
    values = MemoryValues()
    here, there, again = cursor(values), cursor(values), cursor(values)
    await here.open(among(s3=MINE), 0)
    await there.open(among(s3=MINE), 0)
    there.advance(THEIRS, 7)
    there.confirm(there.sent, 1)
    await there.save()
    await again.open(among(s3=MINE, s5=THEIRS), 9, here)
    assert again.taken == among(s3=MINE, s5=THEIRS)


async def test_a_late_save_takes_nothing_back() -> None:
    values = MemoryValues()
    stopped, elsewhere = cursor(values), cursor(values)
    start = Position.at(0, SLOTS)
    await stopped.open(start, 0)
    stopped.advance(MINE, 1)
    stopped.confirm(stopped.sent.copy(), 1)
    await elsewhere.open(start, 0)
    elsewhere.advance(MINE, 1)
    elsewhere.advance(THEIRS, 2)
    elsewhere.confirm(elsewhere.sent.copy(), 2)
    await elsewhere.save()
    await stopped.save()
    again = cursor(values)
    await again.open(start, 0)
    assert (again.taken.has(MINE), again.taken.has(THEIRS)) == (True, True)


async def test_what_nothing_was_told_of_is_taken_when_everything_is_answered_for() -> None:
    one = cursor(MemoryValues())
    await one.open(at(0, 0), 0)
    one.advance(4, 50)
    one.sent.lift(at(0, 300))
    one.rest()
    assert one.taken == at(0, 0)
    one.confirm(at(4, 0), 1)
    assert one.taken == at(4, 300)
