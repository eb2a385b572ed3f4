"""The contracts of `ports.Numbers`, in memory and on disk, and of `ports.History`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from kagami.core import numbers as rules
from kagami.core.partition import EACH, SLOTS
from kagami.core.position import Position
from kagami.meters import Meters
from kagami.model.ids import BotId
from kagami.ports import Happened, History, Named, Numbers, Passed
from kagami.storage import numbers as stored
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from kagami.testing.numbers import MemoryNumbers
from tests.storage.make import START_MS, event, send, trace


@pytest.fixture(params=["twin", "store"])
def numbers(request: pytest.FixtureRequest, store: SqlStore) -> Numbers:
    return MemoryNumbers() if request.param == "twin" else store.numbers


class TestNumbers:
    async def test_a_text_has_one_number(self, numbers: Numbers) -> None:
        first = await numbers.give({"ou_1": "", "ou_2": ""})
        assert len(set(first.values())) == 2
        assert await numbers.give({"ou_2": "", "ou_1": ""}) == first

    async def test_a_decimal_is_its_own(self, numbers: Numbers) -> None:
        assert await numbers.give({"10001": "", "-5": ""}) == {"10001": 10001, "-5": -5}

    async def test_a_number_leads_back_to_its_text(self, numbers: Numbers) -> None:
        given = await numbers.give({"ou_1": "", "om_1": "group:oc_1"})
        found = await numbers.find(given.values())
        assert found == {given["ou_1"]: Named("ou_1"), given["om_1"]: Named("om_1", "group:oc_1")}

    async def test_an_unknown_number_is_left_out(self, numbers: Numbers) -> None:
        assert await numbers.find([1, rules.LEAST + 1]) == {}

    async def test_of_two_texts_with_one_hash_the_second_has_the_next(
        self, numbers: Numbers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in (stored, "kagami.testing.numbers"):
            name = module if isinstance(module, str) else module.__name__
            monkeypatch.setattr(f"{name}.candidate", lambda _text, attempt=0: rules.LEAST + attempt)
        assert await numbers.give({"a": ""}) == {"a": rules.LEAST}
        assert await numbers.give({"b": ""}) == {"b": rules.LEAST + 1}
        assert (await numbers.find([rules.LEAST + 1]))[rules.LEAST + 1].text == "b"

    async def test_two_texts_with_one_hash_at_once_have_two_numbers(
        self, store: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stored, "candidate", lambda _text, attempt=0: rules.LEAST + attempt)
        given = await store.numbers.give({"a": "", "b": ""})
        assert sorted(given.values()) == [rules.LEAST, rules.LEAST + 1]

    async def test_what_no_database_holds_has_a_number_too(self, store: SqlStore) -> None:
        given = await store.numbers.give({"a\x00b": "", "c\ud800": ""})
        assert len(set(given.values())) == 2


class TestAcrossStarts:
    async def test_numbers_are_the_same_and_lead_back(self, file: Path, clock: FakeClock, meters: Meters) -> None:
        async with open_store(str(file), clock=clock, meters=meters) as store:
            given = await store.numbers.give({"ou_1": "", "om_1": "group:1"})
        async with open_store(str(file), clock=clock, meters=meters) as store:
            assert (await store.numbers.find([given["om_1"]]))[given["om_1"]] == Named("om_1", "group:1")
            assert await store.numbers.give({"ou_1": "", "om_1": ""}) == given

    async def test_a_clean_up_drops_those_of_messages_alone(self, file: Path, clock: FakeClock, meters: Meters) -> None:
        async with open_store(str(file), clock=clock, meters=meters) as store:
            given = await store.numbers.give({"ou_1": "", "om_1": "group:1"})
            await store.clean(clock.wall_ms() + 1)
        async with open_store(str(file), clock=clock, meters=meters) as store:
            assert list(await store.numbers.find(given.values())) == [given["ou_1"]]


class Told:
    """History as a test asks for it: behind numbers of one process."""

    def __init__(self, store: SqlStore) -> None:
        self.port: History = store.history

    async def after(self, number: int, most: int = 9) -> list[Happened]:
        return await self.port.after(Position.at(number, self.port.slots), most)

    async def passed(self, number: int, before_ms: int, most: int) -> Passed:
        return await self.port.passed(Position.at(number, self.port.slots), before_ms, most)


class TestHistory:
    async def test_events_come_in_order_with_their_numbers(self, store: SqlStore) -> None:
        port = Told(store)
        given = [event(f"said {number}") for number in range(5)]
        for each in given:
            store.ledger.accept(each, START_MS)
            store.ledger.begin_send(send(each))
        found = await port.after(0, 3)
        assert [each.event for each in found] == given[:3]
        assert [each.event for each in await port.after(found[-1].number)] == given[3:]

    async def test_numbers_are_those_that_the_ledger_gave(self, store: SqlStore) -> None:
        store.ledger.accept(event(), START_MS)
        given = store.ledger.newest
        assert [each.number for each in await Told(store).after(0)] == [given]

    async def test_what_is_done_is_history_too(self, store: SqlStore) -> None:
        done = event()
        await store.ledger.accept(done, START_MS + 7)
        await store.ledger.finish(trace(done), attempts=1)
        (found,) = await Told(store).after(0)
        assert (found.event, found.accepted_ms) == (done, START_MS + 7)

    async def test_timetables_and_what_was_cleaned_are_left_out(self, store: SqlStore, clock: FakeClock) -> None:
        old = event(time_ms=START_MS)
        await store.ledger.accept(old, START_MS)
        await store.ledger.finish(trace(old), attempts=1)
        await store.clean(START_MS + 1)
        store.ledger.accept(event(kind="schedule"), START_MS + 5)
        new = event(kind="notice", name="group_recall")
        store.ledger.accept(new, START_MS + 5)
        assert [each.event for each in await Told(store).after(0)] == [new]

    @pytest.mark.parametrize(
        ("before_ms", "most", "passed"), [(0, 9, 0), (START_MS + 2, 9, 2), (0, 1, 3), (START_MS + 9, 9, 4)]
    )
    async def test_what_is_too_old_or_too_much_is_counted(
        self, store: SqlStore, before_ms: int, most: int, passed: int
    ) -> None:
        numbers = [0]
        for place in range(4):
            store.ledger.accept(event(), START_MS + place)
            numbers.append(store.ledger.newest)
        expected = Passed(passed, (numbers[passed],)) if passed else Passed()
        assert await Told(store).passed(0, before_ms, most) == expected
        assert await Told(store).passed(numbers[-1], before_ms, most) == Passed()


THREE, FIVE = 3 * EACH, 5 * EACH


class TestSlots:
    """Where several processes write: each one's numbers are in order, those of all are not."""

    @pytest.fixture
    async def numbered(self, postgres_url: str, clock: FakeClock, meters: Meters) -> AsyncIterator[SqlStore]:
        """Numbers of the slots 5, 3, 5, 3; the second was written late."""
        async with open_store(postgres_url, clock=clock, meters=meters) as store:
            numbers = iter((FIVE, THREE, FIVE + SLOTS * EACH, THREE + 2 * SLOTS * EACH))
            store.ledger.number = lambda _: next(numbers)
            for place in range(4):
                store.ledger.accept(event(f"said {place}"), START_MS + place)
            await store.ledger.flush()
            yield store

    async def test_what_is_behind_a_position_comes_in_the_order_of_time(self, numbered: SqlStore) -> None:
        position = Position.at(-1, SLOTS)
        position.advance(FIVE)
        found = [each.number for each in await numbered.history.after(position, 9)]
        assert found == [THREE, FIVE + SLOTS * EACH, THREE + 2 * SLOTS * EACH]
        assert [each.number for each in await numbered.history.after(position, 2)] == found[:2]

    async def test_what_one_process_has_done_can_be_left_out(self, numbered: SqlStore) -> None:
        found = await numbered.history.after(Position.at(-1, SLOTS), 9, without=5)
        assert [each.number for each in found] == [THREE, THREE + 2 * SLOTS * EACH]

    async def test_each_has_a_last_event(self, numbered: SqlStore) -> None:
        heads = (await numbered.history.heads()).numbers
        assert (heads[3], heads[5], heads[0]) == (THREE + 2 * SLOTS * EACH, FIVE + SLOTS * EACH, -1)

    async def test_the_keys_of_an_account_are_those_that_others_have(self, numbered: SqlStore) -> None:
        others = [each.event for each in await numbered.history.after(Position.at(-1, SLOTS), 9, without=5)]
        assert await numbered.history.keys(others[0].bot, 9, without=5) == [each.dedupe for each in others]
        assert await numbered.history.keys(others[0].bot, 1, without=5) == [others[1].dedupe]
        assert await numbered.history.keys(BotId("qq:nobody"), 9, without=5) == []

    async def test_what_passed_is_told_by_its_last_of_each(self, numbered: SqlStore) -> None:
        everything = Position.at(-1, SLOTS)
        passed = await numbered.history.passed(everything, START_MS + 3, 9)
        assert (passed.amount, sorted(passed.numbers)) == (3, [THREE, FIVE + SLOTS * EACH])
        assert (await numbered.history.passed(everything, 0, 1)).amount == 3

    async def test_of_what_passed_no_more_is_read_than_is_counted(
        self, numbered: SqlStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(stored, "MOST_COUNTED", 1)
        everything = Position.at(-1, SLOTS)
        passed = await numbered.history.passed(everything, START_MS + 9, 0)
        assert (passed.amount, sorted(passed.numbers)) == (
            2, [FIVE + SLOTS * EACH, THREE + 2 * SLOTS * EACH]
        )  # fmt: skip


def test_rows_are_plain() -> None:
    assert msgspec.to_builtins(Passed(1, (2,))) == {"amount": 1, "numbers": (2,)}
