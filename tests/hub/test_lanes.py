from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kagami.hub.execution import Execution, Slots
from kagami.hub.lanes import Lanes
from kagami.net.supervise import Nursery
from kagami.ports import Fence
from tests.hub.doubles import desk, event


class Road:
    """Lanes over a walk that waits for `go` and writes down what it saw."""

    def __init__(self, nursery: Nursery, *, length: int = 3, total: int = 100, running: int = 8) -> None:
        self.go = asyncio.Event()
        self.walked: list[str] = []
        self.shed: list[str] = []
        self.broken: list[str] = []
        self.begun: list[str] = []
        self.nobodys: set[str] = set()
        self.breaks: set[str] = set()
        self.fails: set[str] = set()
        self.running = 0
        self.most = 0
        self._changed = asyncio.Event()
        self.lanes = Lanes(
            nursery, Slots(running), length=length, total=total, begin=self._begin, handle=self._walk,
            shed=lambda each: self.shed.append(each.event.dedupe),
            failed=lambda each, error: self.broken.append(f"{each.event.dedupe} {error}"),
        )  # fmt: skip

    def _begin(self, each: Execution) -> bool:
        if each.event.dedupe in self.breaks:
            raise ValueError("broken at once")
        self.begun.append(each.event.dedupe)
        return each.event.dedupe not in self.nobodys

    async def _walk(self, each: Execution) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.go.wait()
            if each.event.dedupe in self.fails:
                raise ValueError("broken")
            self.walked.append(each.event.dedupe)
        finally:
            self.running -= 1
            self._changed.set()

    async def idle(self) -> None:
        async with asyncio.timeout(5):
            while self.lanes.active:
                self._changed.clear()
                await asyncio.sleep(0)

    def put(self, number: int, *, user: str = "42", notice: bool = False, force: bool = False) -> None:
        kind = "notice" if notice else "message"
        self.lanes.put(
            Execution(event(number, user=user, kind=kind), desk(), read_at=0.0, accepted_ms=0),  # type: ignore[arg-type]
            force=force,
        )

    def put_under(self, lease: str, *numbers: int) -> None:
        for number in numbers:
            each = Execution(event(number), desk(), read_at=0.0, accepted_ms=0, fence=Fence(lease, 1))
            self.lanes.put(each, force=True)


@pytest.fixture
async def nursery() -> AsyncIterator[Nursery]:
    async with Nursery() as nursery:
        yield nursery


async def test_a_conversation_keeps_its_order(nursery: Nursery) -> None:
    road = Road(nursery, length=50)
    for number in range(20):
        road.put(number)
    road.go.set()
    await road.idle()
    assert road.walked == [f"m:{number}" for number in range(20)]


async def test_conversations_run_side_by_side(nursery: Nursery) -> None:
    road = Road(nursery)
    for number in range(5):
        road.put(number, user=str(number))
    async with asyncio.timeout(5):
        while road.running < 5:
            await asyncio.sleep(0)
    road.go.set()
    await road.idle()
    assert road.most == 5


async def test_no_more_handlers_run_than_there_are_slots(nursery: Nursery) -> None:
    road = Road(nursery, running=2)
    for number in range(6):
        road.put(number, user=str(number))
    road.go.set()
    await road.idle()
    assert road.most <= 2
    assert len(road.walked) == 6


async def test_a_full_lane_sheds_the_newcomer(nursery: Nursery) -> None:
    road = Road(nursery, length=2)
    for number in range(4):
        road.put(number)
    assert road.shed == ["m:2", "m:3"]
    road.go.set()
    await road.idle()


async def test_a_message_takes_the_place_of_a_waiting_notice(nursery: Nursery) -> None:
    road = Road(nursery, length=2)
    road.put(1)
    road.put(2, notice=True)
    road.put(3)
    assert road.shed == ["m:2"]
    road.go.set()
    await road.idle()
    assert road.walked == ["m:1", "m:3"]


async def test_a_notice_never_takes_the_place_of_anything(nursery: Nursery) -> None:
    road = Road(nursery, length=2)
    road.put(1, notice=True)
    road.put(2, notice=True)
    road.put(3, notice=True)
    assert road.shed == ["m:3"]
    road.go.set()
    await road.idle()


async def test_a_full_house_sheds_new_conversations(nursery: Nursery) -> None:
    road = Road(nursery, length=50, total=2)
    for number in range(4):
        road.put(number, user=str(number))
    assert road.shed == ["m:2", "m:3"]
    road.go.set()
    await road.idle()


async def test_what_is_already_accepted_is_put_in_whatever_the_bounds(nursery: Nursery) -> None:
    road = Road(nursery, length=1, total=1)
    for number in range(5):
        road.put(number, force=True)
    road.go.set()
    await road.idle()
    assert (len(road.walked), road.shed) == (5, [])


async def test_a_failure_is_told_and_the_conversation_goes_on(nursery: Nursery) -> None:
    road = Road(nursery)
    road.fails.add("m:1")
    road.put(1)
    road.put(2)
    road.go.set()
    await road.idle()
    assert (road.broken, road.walked) == (["m:1 broken"], ["m:2"])


async def test_waiting_counts_what_no_handler_has_yet(nursery: Nursery) -> None:
    road = Road(nursery)
    for number in range(3):
        road.put(number)
    assert road.lanes.waiting == 3
    road.go.set()
    await road.idle()
    assert (road.lanes.waiting, road.lanes.active) == (0, 0)


async def test_draining_drops_what_waits_and_lets_the_running_one_end(nursery: Nursery) -> None:
    road = Road(nursery)
    road.put(1)
    road.put(2)
    async with asyncio.timeout(5):
        while not road.running:
            await asyncio.sleep(0)
    road.lanes.drain()
    road.go.set()
    await road.idle()
    assert road.walked == ["m:1"]
    assert road.lanes.waiting == 0


async def test_what_waits_for_a_slot_counts_towards_the_bounds(nursery: Nursery) -> None:
    road = Road(nursery, running=1, total=3)
    road.put(0, user="0")
    async with asyncio.timeout(5):
        while not road.running:
            await asyncio.sleep(0)
    for number in range(1, 6):
        road.put(number, user=str(number))
        await asyncio.sleep(0)
    assert (road.lanes.waiting, road.shed) == (3, ["m:4", "m:5"])
    road.go.set()
    await road.idle()


async def test_draining_lets_nothing_begin_that_waits_for_a_slot(nursery: Nursery) -> None:
    road = Road(nursery, running=1)
    road.put(1, user="1")
    road.put(2, user="2")
    async with asyncio.timeout(5):
        while not road.running:
            await asyncio.sleep(0)
    road.lanes.drain()
    road.go.set()
    await road.idle()
    assert (road.walked, road.lanes.waiting) == (["m:1"], 0)


async def test_what_comes_while_draining_is_left_for_the_next_start(nursery: Nursery) -> None:
    road = Road(nursery)
    road.lanes.drain()
    road.put(1, force=True)
    assert (road.lanes.active, road.shed) == (0, [])


async def test_the_oldest_of_what_waits_is_known(nursery: Nursery) -> None:
    road = Road(nursery)
    for number, user in ((1, "1"), (2, "1"), (3, "2")):
        road.lanes.put(Execution(event(number, user=user), desk(), read_at=0.0, accepted_ms=1_000 * number))
    assert road.lanes.oldest_ms == 1_000
    road.go.set()
    await road.idle()
    assert road.lanes.oldest_ms == 0


async def test_what_nobody_wants_needs_neither_lane_nor_task(nursery: Nursery) -> None:
    road = Road(nursery)
    road.nobodys = {"m:1"}
    road.put(1)
    assert (road.begun, road.lanes.active, len(nursery)) == (["m:1"], 0, 0)


async def test_what_nobody_wants_keeps_its_place_behind_what_is_handled(nursery: Nursery) -> None:
    road = Road(nursery)
    road.nobodys = {"m:2"}
    for number in (1, 2, 3):
        road.put(number)
    assert road.begun == ["m:1"]
    road.go.set()
    await road.idle()
    assert (road.begun, road.walked) == (["m:1", "m:2", "m:3"], ["m:1", "m:3"])


async def test_one_that_breaks_at_once_is_told_and_ends_no_reader(nursery: Nursery) -> None:
    road = Road(nursery)
    road.breaks = {"m:1"}
    road.put(1)
    assert (road.broken, road.lanes.active, road.lanes.waiting) == (["m:1 broken at once"], 0, 0)


async def test_one_that_breaks_in_a_lane_does_not_end_it(nursery: Nursery) -> None:
    road = Road(nursery)
    road.breaks = {"m:2"}
    for number in (1, 2, 3):
        road.put(number)
    road.go.set()
    await road.idle()
    assert (road.broken, road.walked) == (["m:2 broken at once"], ["m:1", "m:3"])


async def test_nothing_begins_when_the_house_is_full(nursery: Nursery) -> None:
    road = Road(nursery, total=1)
    road.nobodys = {"m:2"}
    road.put(1, user="1")
    road.put(2, user="2")
    assert (road.begun, road.shed) == (["m:1"], ["m:2"])
    road.go.set()
    await road.idle()


async def test_what_runs_under_a_lost_lease_is_cancelled_and_what_waits_is_forgotten() -> None:
    async with Nursery() as nursery:
        road = Road(nursery)
        road.put_under("part:1", 1, 2)
        await asyncio.sleep(0)
        road.lanes.drop(["part:1"])
        await road.idle()
        road.go.set()
        assert road.walked == []
        assert road.lanes.waiting == 0


async def test_other_leases_are_not_touched_by_a_loss() -> None:
    async with Nursery() as nursery:
        road = Road(nursery)
        road.put_under("part:1", 1)
        await asyncio.sleep(0)
        road.lanes.drop(["part:2"])
        road.go.set()
        await road.idle()
        assert road.walked == ["m:1"]


async def test_a_conversation_that_comes_again_at_once_has_a_lane_of_its_own() -> None:
    async with Nursery() as nursery:
        road = Road(nursery)
        road.put_under("part:1", 1)
        await asyncio.sleep(0)
        road.lanes.drop(["part:1"])
        road.put_under("part:1", 2)
        road.go.set()
        await road.idle()
        assert road.walked == ["m:2"]


async def test_finishing_lets_what_runs_end_and_forgets_what_waits() -> None:
    async with Nursery() as nursery:
        road = Road(nursery)
        road.put_under("part:1", 1, 2)
        await asyncio.sleep(0)
        finishing = asyncio.ensure_future(road.lanes.finish(["part:1"], 5.0))
        await asyncio.sleep(0)
        road.go.set()
        await finishing
        assert road.walked == ["m:1"]


async def test_finishing_cancels_what_does_not_end() -> None:
    async with Nursery() as nursery:
        road = Road(nursery)
        road.put_under("part:1", 1)
        await asyncio.sleep(0)
        await road.lanes.finish(["part:1"], 0.01)
        await road.idle()
        assert road.walked == []
