from __future__ import annotations

import asyncio

import msgspec
import pytest

from kagami.core.partition import FIRST_MS, SLOTS, following, slot_of
from kagami.core.position import Position
from kagami.errors import KagamiError, StoreClosed
from kagami.hub import tail as module
from kagami.hub.tail import STEP, Tail
from kagami.model.event import Event
from kagami.model.ids import BotId
from kagami.ports import Happened, Passed, Reader
from tests.hub.doubles import QQ, event


class Disk:
    """Implements `ports.History` in a list; `asked` are the positions behind which it was read."""

    def __init__(self, slots: int = 1) -> None:
        self.slots = slots
        self.rows: list[Happened] = []
        self.asked: list[int] = []
        self.away: KagamiError | None = None

    async def after(self, position: Position, limit: int, *, without: int | None = None) -> list[Happened]:
        if self.away is not None:
            raise self.away
        self.asked.append(position.highest)
        theirs = (each for each in self.rows if slot_of(each.number, self.slots) != without)
        behind = [each for each in theirs if not position.has(each.number)]
        return sorted(behind, key=lambda each: each.number)[:limit]

    async def passed(self, position: Position, before_ms: int, most: int) -> Passed:
        return Passed(most, position.numbers)

    async def keys(self, bot: BotId, most: int, *, without: int) -> list[str]:
        newest = sorted(self.rows, key=lambda each: each.number)[-most:]
        theirs = (each for each in newest if slot_of(each.number, self.slots) != without)
        return [each.event.dedupe for each in theirs if each.event.bot == bot]

    async def heads(self) -> Position:
        found = Position.at(-1, self.slots)
        for each in self.rows:
            found.advance(each.number)
        return found


class House:
    """A tail that is told of events, which the disk has too."""

    def __init__(self, old: int = 0) -> None:
        self.disk = Disk()
        self.number = 0
        self.tail = Tail(self.disk, lambda: self.number, lambda event: event.user == "42")
        for _ in range(old):
            self.happens(told=False)
        self.tail.open()

    def happens(self, said: Event | None = None, *, told: bool = True) -> None:
        self.number += 1
        row = Happened(self.number, said or event(self.number), 5)
        self.disk.rows.append(row)
        if told:
            self.tail.put(row.number, row.event, row.accepted_ms)

    async def numbers(self, after: int) -> list[int]:
        return await told(self.tail, Reader(Position([after])))


async def told(tail: Tail, reader: Reader) -> list[int]:
    """The next that a reader gets, which it has then."""
    async with asyncio.timeout(10):
        found = [each.number for each in await tail.after(reader)]
    for number in found:
        reader.position.advance(number)
    return found


async def test_what_is_new_comes_from_memory() -> None:
    house = House()
    house.happens()
    house.happens()
    assert (await house.numbers(0), await house.numbers(1), house.disk.asked) == ([1, 2], [2], [])


async def test_what_was_before_comes_from_the_disk() -> None:
    house = House(old=2)
    house.happens()
    assert (await house.numbers(0), house.disk.asked) == ([1, 2, 3], [0])


async def test_who_has_everything_waits_for_the_next() -> None:
    house = House()
    waiting = [asyncio.ensure_future(house.numbers(0)) for _ in range(2)]
    await asyncio.sleep(0)
    house.happens()
    assert await asyncio.gather(*waiting) == [[1], [1]]


async def test_who_stops_waiting_is_forgotten() -> None:
    house = House()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(house.tail.after(Reader(Position([0]))), 0.001)
    house.happens()
    assert await house.numbers(0) == [1]


async def test_who_is_far_behind_reads_in_steps_without_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 10)
    house, found, place = House(), list[int](), 0
    for _ in range(3 * STEP):
        house.happens()
    while len(found) < 3 * STEP:
        found += await house.numbers(place)
        place = found[-1]
    assert found == list(range(1, 3 * STEP + 1))
    assert house.disk.asked == [0, STEP, 2 * STEP]


async def test_no_more_is_kept_than_it_may_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)
    house = House()
    for number in range(10):
        house.happens(msgspec.structs.replace(event(number), native="x" * 30_000))
    await house.numbers(6)
    assert house.disk.asked == [6]
    await house.numbers(7)
    assert house.disk.asked == [6]


async def test_ids_that_were_none_of_an_event_are_passed_by() -> None:
    house = House(old=1)
    house.number = 50  # what was sent has numbers too
    house.tail = Tail(house.disk, lambda: house.number, lambda _: False)
    house.tail.open()
    house.happens()
    assert await house.numbers(1) == [51]
    assert await house.numbers(20) == [51]


async def test_what_plugins_planned_is_not_told() -> None:
    house = House()
    house.tail.put(1, event(1, kind="schedule"), 5)
    house.number = 1
    house.happens()
    assert await house.numbers(0) == [2]


async def test_it_knows_the_newest_what_is_hidden_and_what_has_passed() -> None:
    house = House(old=3)
    hidden = [house.tail.hides(event(1, user=user)) for user in ("42", "43")]
    passed = await house.tail.passed(Position([1]), 2, 3)
    assert (house.tail.reached, hidden, passed) == (Position([3]), [True, False], Passed(3, (1,)))


async def test_who_reads_on_gets_each_once() -> None:
    house = House()
    reader = Reader(Position([0]))
    for _ in range(2 * STEP + 1):
        house.happens()
    found = [await told(house.tail, reader) for _ in range(3)]
    assert [len(each) for each in found] == [STEP, STEP, 1]
    assert [number for each in found for number in each] == list(range(1, 2 * STEP + 2))


MINE, THEIRS = 3, 5


class Town:
    """A process among others; both numbers rise with the time. What others do is on the disk alone."""

    def __init__(self) -> None:
        self.disk = Disk(SLOTS)
        self.newest, self.now_ms = 0, 1_000
        self.tail = Tail(self.disk, lambda: self.newest, lambda _: False, lambda: MINE)

    def happens(self, slot: int, *, late_ms: int = 0, told: bool = True, name: int = 0) -> int:
        self.now_ms += 1
        number = following(0, FIRST_MS + self.now_ms - late_ms, slot)
        row = Happened(number, event(name or number), 5)
        self.disk.rows.append(row)
        if slot == MINE:
            self.newest = number
            if told:
                self.tail.put(row.number, row.event, row.accepted_ms)
        return number


@pytest.fixture
def town() -> Town:
    return Town()


async def test_what_others_do_is_fetched_while_somebody_follows(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        reader = Reader(reached)
        mine, theirs = town.happens(MINE), town.happens(THEIRS)
        await town.tail.fetch()
        assert await told(town.tail, reader) == [mine, theirs]
    read = len(town.disk.asked)
    town.happens(THEIRS)
    await town.tail.fetch()
    assert len(town.disk.asked) == read


async def test_who_waits_hears_of_what_was_fetched(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        waiting = asyncio.ensure_future(told(town.tail, Reader(reached)))
        await asyncio.sleep(0)
        theirs = town.happens(THEIRS)
        await town.tail.fetch()
        assert await waiting == [theirs]


async def test_what_another_process_numbered_before_and_wrote_later_comes_too(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        reader = Reader(reached)
        mine = town.happens(MINE)
        assert await told(town.tail, reader) == [mine]
        late = town.happens(THEIRS, late_ms=100)
        await town.tail.fetch()
        assert late < mine
        assert await told(town.tail, reader) == [late]


async def test_whoever_begins_knows_what_all_have_done(town: Town) -> None:
    theirs, mine = town.happens(THEIRS), town.happens(MINE, told=False)
    town.tail.open()
    async with town.tail.follow() as reached:
        assert reached.has(theirs)
        assert reached.has(mine)
        new = town.happens(THEIRS)
        assert not reached.has(new)


async def test_what_others_did_while_nobody_followed_comes_from_the_disk(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        before = reached.copy()
        first = town.happens(THEIRS)
        await town.tail.fetch()
    missed = [town.happens(THEIRS), town.happens(MINE), town.happens(THEIRS)]
    async with town.tail.follow():
        reader = Reader(before)
        assert await told(town.tail, reader) == [first, *missed]
        live = town.happens(THEIRS)
        await town.tail.fetch()
        assert await told(town.tail, reader) == [live]


async def test_who_has_read_part_of_it_from_the_disk_misses_nothing_of_the_rest(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came late is read first, as its number is lower."""
    town.tail.open()
    async with town.tail.follow():
        mine = [town.happens(MINE) for _ in range(3)]
        late = [town.happens(THEIRS, late_ms=100) for _ in range(3)]
        await town.tail.fetch()
        monkeypatch.setattr(module, "STEP", 2)
        found: list[int] = []
        reader = Reader(Position.at(-1, SLOTS))  # behind what memory has
        while len(found) < 6:
            found += await told(town.tail, reader)
        assert sorted(found) == sorted(mine + late)


async def test_a_store_that_is_away_is_told_to_who_begins(town: Town) -> None:
    town.tail.open()
    town.disk.away = StoreClosed(reason="away")
    with pytest.raises(StoreClosed):
        async with town.tail.follow():
            pass
    assert town.tail.followers == 0


async def test_what_is_new_waits_for_what_was_before_a_move(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        before = town.happens(THEIRS)
        with town.tail.hold():
            after = town.happens(MINE)
            await town.tail.fetch()
        assert await told(town.tail, Reader(reached)) == [before, after]


async def test_what_a_platform_brings_to_two_processes_is_told_once(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        reader = Reader(reached)
        mine = town.happens(MINE, name=7)
        town.happens(THEIRS, name=7)
        after = town.happens(THEIRS)
        await town.tail.fetch()
        assert await told(town.tail, reader) == [mine, after]


async def test_what_was_brought_a_second_time_is_not_read_again_later(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 2)
    town.tail.open()
    async with town.tail.follow() as reached:
        reader = Reader(reached)
        mine = town.happens(MINE, name=7)
        town.happens(THEIRS, name=7)
        await town.tail.fetch()
        assert await told(town.tail, reader) == [mine]
        waiting = asyncio.ensure_future(town.tail.after(reader))
        await asyncio.sleep(0)
        # So many that the disk would be asked by who is behind the one that was left out.
        more = [town.happens(MINE), town.happens(MINE), town.happens(MINE)]
        found = [each.number for each in await waiting]
        for number in found:
            reader.position.advance(number)
        while len(found) < len(more):
            found += await told(town.tail, reader)
        assert found == more


async def test_what_another_process_had_of_an_account_is_not_told_when_it_comes_again(town: Town) -> None:
    town.tail.open()
    town.happens(THEIRS, name=7)
    async with town.tail.follow() as reached:
        with town.tail.hold():
            town.now_ms += 1
            town.tail.put(following(0, FIRST_MS + town.now_ms, MINE), event(7), 5)
            await town.tail.recall(QQ)
        new = town.happens(MINE)
        assert await told(town.tail, Reader(reached)) == [new]


async def test_what_was_not_fetched_yet_when_its_account_came_here_is_told(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        theirs = town.happens(THEIRS, name=7)
        await town.tail.recall(QQ)
        assert await told(town.tail, Reader(reached)) == [theirs]


async def test_what_is_told_from_memory_no_more_is_known_when_it_comes_again(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 2)
    town.tail.open()
    async with town.tail.follow() as reached:
        reader, found = Reader(reached), list[int]()
        given = [town.happens(THEIRS, name=7), *(town.happens(THEIRS) for _ in range(3))]
        await town.tail.fetch()
        while len(found) < len(given):
            found += await told(town.tail, reader)
        town.happens(MINE, name=7)
        new = town.happens(MINE)
        assert await told(town.tail, reader) == [new]


async def test_what_is_new_here_is_told_though_it_is_on_disk_before_it_is_asked_for(town: Town) -> None:
    town.tail.open()
    async with town.tail.follow() as reached:
        with town.tail.hold():
            mine = town.happens(MINE, name=7)
            await town.tail.recall(QQ)
        assert await told(town.tail, Reader(reached)) == [mine]
