from __future__ import annotations

from kagami.gateway.cursor import Cursor
from kagami.testing.values import MemoryValues


def cursor(values: MemoryValues, name: str = "app") -> Cursor:
    store: object = values
    return Cursor(store, name)  # type: ignore[arg-type]


async def test_the_first_time_it_begins_with_what_is_new() -> None:
    fresh = cursor(MemoryValues())
    assert await fresh.open(7, 100) is True
    assert (fresh.sent, fresh.taken) == (7, 7)


async def test_only_what_was_taken_is_kept() -> None:
    values = MemoryValues()
    one = cursor(values)
    await one.open(0, 0)
    one.advance(5, 50)
    one.confirm(3)
    one.advance(9, 90)
    await one.save()
    again = cursor(values)
    assert await again.open(100, 0) is False
    assert (again.sent, again.taken) == (3, 3)


async def test_the_time_of_what_was_taken_is_that_of_the_last_event() -> None:
    one = cursor(MemoryValues())
    await one.open(0, 1)
    one.advance(5, 50)
    assert one.taken_ms == 1
    one.confirm(5)
    assert one.taken_ms == 50


async def test_nothing_is_written_when_nothing_has_changed() -> None:
    values = MemoryValues()
    one = cursor(values)
    await one.save()
    assert values.kept == {}
    await one.open(4, 0)
    await one.save()
    assert len(values.kept) == 1
    values.kept.clear()
    await one.save()
    assert values.kept == {}


async def test_each_connection_has_its_own() -> None:
    values = MemoryValues()
    for name, number in (("app", 3), ("app|qq:1", 8)):
        one = cursor(values, name)
        await one.open(number, 0)
        await one.save()
    other = cursor(values, "app|qq:1")
    await other.open(9, 0)
    assert other.taken == 8


async def test_one_of_a_newer_store_begins_with_what_is_new() -> None:
    values = MemoryValues()
    newer = cursor(values)
    await newer.open(900, 0)
    await newer.save()
    restored = cursor(values)
    assert await restored.open(7, 100) is True
    assert (restored.sent, restored.taken) == (7, 7)


async def test_one_that_never_knew_where_it_stands_is_no_beginning() -> None:
    values = MemoryValues()
    first = cursor(values)
    await first.open(5, 0)
    await first.save()
    again = cursor(values)
    await again.open(9, 0, before=cursor(values))
    assert again.taken == 5


async def test_one_that_another_went_on_from_writes_nothing_any_more() -> None:
    values = MemoryValues()
    before, after = cursor(values), cursor(values)
    await before.open(0, 0)
    await after.open(0, 0, before)
    after.advance(8, 0)
    after.confirm(8)
    await after.save()
    before.advance(3, 0)
    before.confirm(3)
    await before.save()
    again = cursor(values)
    await again.open(9, 0)
    assert again.taken == 8


async def test_who_left_before_that_was_known_has_missed_what_came_since() -> None:
    values = MemoryValues()
    hasty, again = cursor(values), cursor(values)
    hasty.begin(4, 40)
    again.begin(9, 90, hasty)
    assert await again.open(9, 90, hasty) is False
    assert (again.sent, again.taken_ms) == (4, 40)
