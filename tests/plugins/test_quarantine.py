from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from kagami.plugins.quarantine import BLAMED, FATAL, Exact, Quarantine
from kagami.testing.chat import MemoryValues
from kagami.testing.clock import FakeClock

A, B, C = ("a", "1"), ("b", "1"), ("c", "1")


@pytest.fixture
def values() -> MemoryValues:
    return MemoryValues()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def opened(values: MemoryValues, clock: FakeClock) -> Quarantine:
    quarantine = Quarantine(values, clock)
    await quarantine.open()
    return quarantine


class TestBlame:
    async def test_two_blames_are_borne(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        for _ in range(2):
            quarantine.blamed("a", 1.0)
        assert quarantine.is_quarantined("a") == ""

    async def test_three_within_ten_minutes_are_too_many(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        for _ in range(3):
            quarantine.blamed("a", 1.0)
            await clock.advance(299.0)
        assert [quarantine.is_quarantined(each) for each in ("a", "b")] == [BLAMED, ""]

    async def test_three_within_a_longer_time_are_borne(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        for _ in range(10):
            quarantine.blamed("a", 1.0)
            await clock.advance(301.0)
        assert quarantine.is_quarantined("a") == ""

    async def test_ten_seconds_at_once_are_enough(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        quarantine.blamed("a", 10.0)
        assert quarantine.is_quarantined("a") == BLAMED

    async def test_nobody_is_nobody(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        quarantine.blamed("", 60.0)
        assert await quarantine.settle() == []

    async def test_another_thread_may_blame(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        threads = [threading.Thread(target=quarantine.blamed, args=("a", 1.0)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert await quarantine.settle() == ["a"]

    async def test_a_new_sentence_is_told_and_written_once(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        quarantine.blamed("a", 10.0)
        assert quarantine.is_quarantined("a")
        assert [await quarantine.settle(), await quarantine.settle()] == [["a"], []]
        quarantine.blamed("a", 10.0)
        assert await quarantine.settle() == []


class TestSentence:
    async def sentenced(self, values: MemoryValues, clock: FakeClock) -> Quarantine:
        quarantine = await opened(values, clock)
        await quarantine.serves("a", "one")
        quarantine.blamed("a", 10.0)
        await quarantine.settle()
        return quarantine

    async def test_it_survives_a_restart(self, values: MemoryValues, clock: FakeClock) -> None:
        await self.sentenced(values, clock)
        again = await opened(values, clock)
        assert not await again.serves("a", "one")
        assert again.is_quarantined("a") == BLAMED

    async def test_a_new_digest_ends_it(self, values: MemoryValues, clock: FakeClock) -> None:
        await self.sentenced(values, clock)
        again = await opened(values, clock)
        assert await again.serves("a", "two")
        assert (again.is_quarantined("a"), values.kept) == ("", {})

    async def test_an_operator_ends_it(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await self.sentenced(values, clock)
        await quarantine.release("a")
        quarantine.blamed("a", 1.0)
        assert (quarantine.is_quarantined("a"), values.kept) == ("", {})

    async def test_an_unknown_digest_is_no_other(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        quarantine.blamed("a", 10.0)
        await quarantine.settle()
        assert not await quarantine.serves("a", "one")


class Start:
    """A process that starts `versions`; activating one of `deadly` ends it there."""

    def __init__(self, values: MemoryValues, clock: FakeClock, deadly: Iterable[Exact]) -> None:
        self.values = values
        self.clock = clock
        self.deadly = set(deadly)
        self.quarantine = Quarantine(values, clock)
        self.alive: list[Exact] = []

    async def run(self, versions: Iterable[Exact]) -> bool:
        """Whether it came to the end."""
        await self.quarantine.open()
        for batch in self.quarantine.batches(versions):
            await self.quarantine.starting(batch)
            if self.deadly & set(batch):
                return False
            await self.quarantine.started(batch)
            self.alive += batch
        return True


class TestStarts:
    async def test_what_starts_leaves_nothing_behind(self, values: MemoryValues, clock: FakeClock) -> None:
        start = Start(values, clock, ())
        assert await start.run([A, B, C])
        assert (start.alive, values.kept) == ([A, B, C], {})

    async def test_many_are_started_with_one_write_before(self, values: MemoryValues, clock: FakeClock) -> None:
        quarantine = await opened(values, clock)
        assert quarantine.batches([A, B, C]) == [[A, B, C]]
        await quarantine.starting([A, B, C])
        assert len(values.kept) == 1

    async def test_nothing_to_start_is_no_batch(self, values: MemoryValues, clock: FakeClock) -> None:
        assert (await opened(values, clock)).batches([]) == []

    @pytest.mark.parametrize("versions", [[A, B, C], [B, A, C], [C, B, A]])
    async def test_the_fourth_start_leaves_out_who_ended_three(
        self, values: MemoryValues, clock: FakeClock, versions: list[Exact]
    ) -> None:
        for _ in range(3):
            assert not await Start(values, clock, [B]).run(versions)
        fourth = Start(values, clock, [B])
        assert await fourth.run(versions)
        assert sorted(fourth.alive) == [A, C]
        assert [fourth.quarantine.refusal(*each) for each in (A, B, C)] == ["", FATAL, ""]

    async def test_it_stays_left_out(self, values: MemoryValues, clock: FakeClock) -> None:
        for _ in range(5):
            last = Start(values, clock, [B])
            await last.run([A, B])
        assert last.alive == [A]

    async def test_two_in_a_row_and_a_good_one_are_forgotten(self, values: MemoryValues, clock: FakeClock) -> None:
        for deadly in ([B], [B], [], [B], [B]):
            await Start(values, clock, deadly).run([A, B])
        assert (await opened(values, clock)).refusal(*B) == ""

    async def test_another_digest_may_start(self, values: MemoryValues, clock: FakeClock) -> None:
        for _ in range(3):
            await Start(values, clock, [B]).run([B])
        assert (await opened(values, clock)).batches([B, ("b", "2")]) == [[("b", "2")]]

    async def test_a_released_one_may_start(self, values: MemoryValues, clock: FakeClock) -> None:
        for _ in range(3):
            await Start(values, clock, [B]).run([B])
        quarantine = await opened(values, clock)
        await quarantine.release("b")
        assert quarantine.batches([B]) == [[B]]
