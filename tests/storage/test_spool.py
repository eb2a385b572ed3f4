from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kagami.errors import StoreClosed
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.storage import ledger as ledger_module
from kagami.storage import spool as module
from kagami.storage.ledger import BatchLedger
from kagami.storage.spool import Spool
from tests.storage.held import HeldEngine, Write
from tests.storage.make import event

AWAY = StoreClosed(reason="away")


class Stage:
    """A ledger with a spool, on an engine whose writes end when a test says so."""

    def __init__(self, path: Path, meters: Meters) -> None:
        self.meters = meters
        self.engine = HeldEngine()
        self.spool = Spool(path, meters, retry_s=0.01)
        self.ledger = BatchLedger(self.engine, meters, 0, retry_s=0.01)
        self.ledger.spool = self.spool
        self.given: list[tuple[str, bool]] = []
        self.count = 0

    def say(self, *texts: str) -> None:
        for text in texts:
            if (aside := self.ledger.aside) is not None:
                aside.accept(event(text), 5)
            else:
                self.ledger.accept(event(text), 5, once=True)

    def give(self, event: Event, accepted_ms: int, *, left: bool) -> None:
        self.given.append((event.text, left))
        self.ledger.accept(event, accepted_ms)

    async def next(self) -> Write:
        self.count += 1
        return await self.engine.nth(self.count)

    async def fail(self) -> None:
        """The next write; the ledger has heard of it."""
        (await self.next()).future.set_exception(AWAY)
        await asyncio.sleep(0)
        assert not self.ledger.healthy

    async def work(self) -> None:
        """Every write from here on ends well."""
        while True:
            (await self.next()).done()

    async def kept(self, events: int) -> None:
        async with asyncio.timeout(5):
            while self.meters.gauge["spool_events"] != events or self.spool._writing:
                await asyncio.sleep(0.001)

    async def idle(self) -> None:
        async with asyncio.timeout(5):
            while self.spool.active:
                await asyncio.sleep(0.001)


@asynccontextmanager
async def stage(path: Path, *, works: bool = False) -> AsyncIterator[Stage]:
    one = Stage(path, Meters())
    await one.spool.open()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one.spool.run(one.ledger, one.give))]
        if works:
            tasks.append(group.create_task(one.work()))
        yield one
        for task in tasks:
            task.cancel()
    await one.spool.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "events"


def size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1


async def left(path: Path) -> list[str]:
    """What the next run brings back."""
    async with stage(path, works=True) as later:
        await later.idle()
        return [text for text, _ in later.given]


async def test_a_store_that_works_needs_no_file(path: Path) -> None:
    async with stage(path, works=True) as one:
        one.say("a")
        await one.ledger.flush()
        assert (one.ledger.aside, size(path)) == (None, -1)


async def test_what_is_in_memory_is_on_disk_too_when_trouble_begins(path: Path) -> None:
    async with stage(path) as one:
        one.say("a", "b")
        await one.fail()
        await one.kept(2)
    assert await left(path) == ["a", "b"]


async def test_what_comes_during_the_outage_is_on_disk(path: Path) -> None:
    async with stage(path) as one:
        one.say("a")
        await one.fail()
        one.say("b", "c")
        await one.kept(3)
    assert await left(path) == ["a", "b", "c"]


async def test_what_its_platform_brings_again_is_not_kept(path: Path) -> None:
    async with stage(path) as one:
        one.ledger.accept(event("again"), 0)
        one.say("a")
        await one.fail()
        await one.kept(1)
    assert await left(path) == ["a"]


async def test_after_the_outage_all_are_in_the_store_in_order_and_once(path: Path) -> None:
    async with stage(path) as one:
        one.say("a")
        await one.fail()
        one.say("b", "c")
        written = []
        async with asyncio.timeout(5):
            while one.spool.active:
                write = await one.next()
                written += write.texts()
                if "b" in write.texts():
                    one.say("d")  # it comes while they are brought back
                    assert one.ledger.aside is one.spool
                write.done()
                await asyncio.sleep(0.01)
        assert written == ["a", "b", "c", "d"]
        assert one.given == [("b", False), ("c", False), ("d", False)]
    assert await left(path) == []


async def test_a_write_that_does_not_end_is_trouble(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "LATE_S", 0.01)
    async with stage(path) as one:
        one.say("a")
        await one.kept(1)
        assert one.ledger.aside is one.spool
        working = asyncio.ensure_future(one.work())
        await one.idle()
        working.cancel()
        assert one.given == []


async def test_the_next_outage_begins_in_the_middle_of_the_return(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    async with stage(path) as one:
        one.say("a")
        await one.fail()
        one.say("b", "c", "d", "e")
        async with asyncio.timeout(5):
            while (write := await one.next()).texts() != ["b", "c"]:
                write.done()
        write.future.set_exception(AWAY)
        await asyncio.sleep(0)
        one.say("f")
        await one.kept(5)
    assert await left(path) == ["a", "b", "c", "d", "e", "f"]


async def test_what_the_ledger_has_no_room_for_is_not_forgotten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["a", "b", "c", "d", "e", "f"]
    async with stage(path) as one:
        one.spool.leave([], "away")
        one.say(*texts)
        await one.kept(6)
    monkeypatch.setattr(ledger_module, "WAITING_ROWS", 2)
    async with stage(path, works=True) as later:
        await later.idle()
        assert [text for text, _ in later.given] == texts
        assert later.meters.count["ledger_refused", ""] == 0


async def test_what_the_disk_does_not_take_is_not_forgotten_either(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_module, "WAITING_ROWS", 2)
    path.parent.write_bytes(b"in the way")
    async with stage(path, works=True) as one:
        one.spool.leave([], "away")
        one.say("a", "b", "c")
        await asyncio.sleep(0.02)
        one.spool.back()
        await one.idle()
        assert one.given == [("a", False), ("b", False), ("c", False)]
        assert one.meters.count["ledger_refused", ""] == 0


async def test_what_comes_while_numbers_may_be_anothers_is_kept_until_they_are_not(path: Path) -> None:
    async with stage(path, works=True) as one:
        one.ledger.numbers = lambda: False
        one.say("a")
        await one.kept(1)
        assert one.given == []
        one.ledger.numbers = lambda: True
        await one.idle()
        assert one.given == [("a", False)]
        assert one.ledger.aside is None


async def test_those_that_an_earlier_run_has_left_come_first_and_are_marked(path: Path) -> None:
    async with stage(path) as one:
        one.say("a")
        await one.fail()
        await one.kept(1)
    async with stage(path, works=True) as later:
        later.say("b")
        await later.idle()
        assert later.given == [("a", True), ("b", False)]


async def test_it_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EVENTS", 2)
    async with stage(path) as one:
        one.say("a")
        await one.fail()
        await one.kept(1)
        one.say("b")
        assert not one.spool.takes
        with pytest.raises(StoreClosed, match="too much"):
            await one.spool.accept(event("c"), 0)
        assert one.meters.count["ledger_refused", ""] == 1


async def test_accepting_ends_when_it_is_on_disk(path: Path) -> None:
    async with stage(path) as one:
        one.spool.leave([], "away")
        assert await one.spool.accept(event("a"), 0)
        assert size(path) > 0


async def test_figures_tell_how_much_and_since_when(path: Path) -> None:
    async with stage(path) as one:
        one.spool.leave([], "away")
        await one.spool.accept(event("a"), 12_000)
        gauge = one.meters.gauge
        assert (gauge["spool_events"], gauge["spool_oldest_timestamp_seconds"]) == (1, 12.0)
        assert gauge["spool_bytes"] == size(path)


async def test_a_disk_that_takes_nothing_loses_nothing_while_the_process_lives(path: Path) -> None:
    path.parent.write_bytes(b"in the way")
    async with stage(path, works=True) as one:
        one.spool.leave([], "away")
        one.say("a", "b")
        await asyncio.sleep(0.02)
        one.spool.back()
        await one.idle()
        assert one.given == [("a", False), ("b", False)]


async def test_a_disk_that_takes_again_gets_what_waited(path: Path) -> None:
    path.parent.write_bytes(b"in the way")
    async with stage(path) as one:
        one.spool.leave([], "away")
        taken = asyncio.ensure_future(_soon(one.spool, event("a")))
        await asyncio.sleep(0.02)
        assert not taken.done()
        path.parent.unlink()
        assert await taken
    assert await left(path) == ["a"]


async def _soon(spool: Spool, given: Event) -> bool:
    return await spool.accept(given, 0)
