from __future__ import annotations

import asyncio
import gc
from typing import Any

import pytest

from kagami.errors import RowRefused, StoreClosed
from kagami.meters import Meters
from kagami.model.action import Failed, Sent
from kagami.ports import StorePut
from kagami.storage import ledger as module
from kagami.storage.ledger import BatchLedger
from tests.storage.held import HeldEngine
from tests.storage.make import event, send, trace

FULL = StoreClosed(reason="database or disk is full")


@pytest.fixture
async def engine() -> HeldEngine:
    return HeldEngine()


@pytest.fixture
async def ledger(engine: HeldEngine, meters: Meters) -> BatchLedger:
    return BatchLedger(engine, meters, 0, retry_s=0.001)


async def waiting(*awaitables: Any) -> list[asyncio.Future[Any]]:
    """Each being awaited by a task of its own."""
    futures = [asyncio.ensure_future(each) for each in awaitables]
    await asyncio.sleep(0)
    return futures


class TestGathering:
    async def test_calls_of_one_turn_are_one_batch(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await waiting(ledger.accept(event("a"), 0), ledger.accept(event("b"), 0))
        assert (await engine.nth(1)).texts() == ["a", "b"]

    async def test_an_idle_ledger_writes_at_once_for_who_waits(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await waiting(ledger.begin_send(send(event())))
        await asyncio.sleep(0)
        assert len(engine.writes) == 1

    async def test_what_nobody_waits_for_is_written_soon(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        ledger.accept(event("a"), 0)
        await asyncio.sleep(0)
        assert engine.writes == []
        assert (await engine.nth(1)).texts() == ["a"]

    async def test_the_next_batch_gathers_while_one_is_written(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await waiting(ledger.accept(event("a"), 0))
        first = await engine.nth(1)
        await waiting(*(ledger.accept(event(text), 0) for text in "bcd"))
        assert len(engine.writes) == 1
        first.done()
        assert (await engine.nth(2)).texts() == ["b", "c", "d"]

    async def test_a_batch_is_closed_when_it_is_full(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        for number in range(module.MOST_ROWS * 2 + 1):
            ledger.accept(event(str(number)), 0)
        for number in (1, 2, 3):
            (await engine.nth(number)).done()
        assert [write.rows for write in engine.writes] == [module.MOST_ROWS, module.MOST_ROWS, 1]

    async def test_an_event_closed_where_it_opened_is_not_opened(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        ledger.accept(given := event(), 0)
        ledger.finish(trace(given, "ignored"), attempts=1)
        assert set((await engine.nth(1)).params) == {"events", "traces"}

    async def test_a_new_attempt_does_not_share_a_batch_with_an_end(
        self, engine: HeldEngine, ledger: BatchLedger
    ) -> None:
        ledger.end_send(event().execution, 0, Failed("offline"), 0)
        ledger.begin_send(send(event(), attempt=2))
        (await engine.nth(1)).done()
        assert [set(write.params) for write in (engine.writes[0], await engine.nth(2))] == [{"ended"}, {"begun"}]

    async def test_ids_follow_the_calls(self, engine: HeldEngine, meters: Meters) -> None:
        ledger = BatchLedger(engine, meters, 41)
        ledger.accept(event(), 0)
        ledger.begin_send(send(event()))
        params = (await engine.nth(1)).params
        assert (params["events"][0][0], params["begun"][0][0], ledger.newest) == (42, 43, 43)


class TestDurability:
    async def test_an_awaited_send_waits_for_the_disk(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await waiting(ledger.begin_send(send(event())))
        assert (await engine.nth(1)).durable

    async def test_an_awaited_finish_waits_for_the_commit_only(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await waiting(ledger.finish(trace(event()), attempts=1))
        assert not (await engine.nth(1)).durable

    async def test_what_nobody_waits_for_does_not_wait_for_the_disk(
        self, engine: HeldEngine, ledger: BatchLedger
    ) -> None:
        ledger.accept(event(), 0)
        assert not (await engine.nth(1)).durable

    async def test_a_late_wait_is_covered_by_a_later_batch(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        accepted = ledger.accept(event(), 0)
        first = await engine.nth(1)
        (late,) = await waiting(accepted)
        first.done()
        second = await engine.nth(2)
        assert (second.durable, dict(second.params), late.done()) == (True, {"barrier": [(1,)]}, False)
        second.done()
        assert await late is True

    async def test_flush_waits_for_everything_on_disk(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        ledger.end_send(event().execution, 0, Sent(), 0)
        (flushed,) = await waiting(ledger.flush())
        write = await engine.nth(1)
        assert (write.durable, flushed.done()) == (True, False)
        write.done()
        await flushed

    async def test_flush_has_nothing_to_do_when_all_is_on_disk(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await ledger.flush()
        assert engine.writes == []


class TestAnswers:
    async def test_nobody_has_to_wait(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        for known in (ledger.accept(event(), 0), ledger.finish(trace(event()), attempts=1)):
            del known
        (await engine.nth(1)).future.set_exception(RowRefused(reason="no"))
        for number in (2, 3):
            (await engine.nth(number)).future.set_exception(RowRefused(reason="no"))
        await asyncio.sleep(0)
        gc.collect()
        assert complaints == []

    async def test_who_stops_waiting_leaves_the_others(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        accepted = ledger.accept(event(), 0)
        one, other = await waiting(accepted, accepted)
        one.cancel()
        (await engine.nth(1)).done()
        assert await other is True

    async def test_known_events_are_told_from_new_ones(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        engine.stale = [[2]]
        futures = await waiting(*(ledger.accept(event(), 0) for _ in range(3)))
        (await engine.nth(1)).future.set_result(4)
        assert await asyncio.gather(*futures) == [True, False, True]


class TestTrouble:
    async def test_rows_are_kept_and_tried_again(self, engine: HeldEngine, ledger: BatchLedger, meters: Meters) -> None:
        (accepted,) = await waiting(ledger.accept(event("a"), 0))
        (await engine.nth(1)).future.set_exception(FULL)
        second = await engine.nth(2)
        assert (ledger.healthy, ledger.trouble, meters.gauge["ledger_healthy"]) == (
            False,
            "database or disk is full",
            0,
        )
        second.done()
        assert (await accepted, second.texts(), ledger.healthy) == (True, ["a"], True)
        assert meters.gauge["ledger_healthy"] == 1

    async def test_order_is_kept_over_trouble(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await waiting(ledger.accept(event("a"), 0))
        first = await engine.nth(1)
        await waiting(ledger.accept(event("b"), 0))
        first.future.set_exception(FULL)
        (await engine.nth(2)).done()
        assert [engine.writes[1].texts(), (await engine.nth(3)).texts()] == [["a"], ["b"]]

    @pytest.mark.parametrize(("bound", "value"), [("WAITING_ROWS", 3), ("WAITING_BYTES", 1_000)])
    async def test_beyond_the_bound_nothing_is_accepted(
        self, engine: HeldEngine, ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
    ) -> None:
        monkeypatch.setattr(module, bound, value)
        taken = await waiting(*(ledger.accept(event(native="x" * 300), 0) for _ in range(3)))
        with pytest.raises(StoreClosed):
            await ledger.accept(event(), 0)
        with pytest.raises(StoreClosed):
            await ledger.begin_send(send(event()))
        ledger.record(trace(event(), "bad_frame"))
        write = await engine.nth(1)
        assert write.rows == sum(not each.done() for each in taken)
        write.done()
        await asyncio.sleep(0)
        await waiting(ledger.accept(event("again"), 0))
        assert (await engine.nth(2)).texts() == ["again"]

    async def test_it_is_crowded_while_much_waits_for_a_database_that_writes(
        self, engine: HeldEngine, ledger: BatchLedger, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(module, "CROWDED_ROWS", 2)
        monkeypatch.setattr(module, "MOST_ROWS", 1)
        crowded = [ledger.crowded]
        for _ in range(3):
            ledger.accept(event(), 0)
        crowded.append(ledger.crowded)
        (await engine.nth(1)).future.set_exception(FULL)
        await asyncio.sleep(0)
        assert [*crowded, ledger.crowded] == [False, True, False]

    async def test_a_row_that_is_never_taken_does_not_hold_up_the_others(
        self, engine: HeldEngine, ledger: BatchLedger
    ) -> None:
        good, bad, sent = await waiting(
            ledger.accept(event("good"), 0), ledger.accept(event("bad"), 0), ledger.begin_send(send(event()))
        )
        refused = RowRefused(reason="string or blob too big")
        (await engine.nth(1)).future.set_exception(refused)
        for number in (2, 3, 4):
            write = await engine.nth(number)
            if write.texts() == ["bad"]:
                write.future.set_exception(refused)
            else:
                write.done()
        assert (await good, await sent) == (True, None)
        with pytest.raises(StoreClosed, match="too big"):
            await bad
        assert engine.writes[1].params["opened"][0][:2] == engine.writes[1].params["events"][0][1::-1]


class TestNumbers:
    async def test_nothing_is_numbered_while_they_may_be_anothers(
        self, engine: HeldEngine, ledger: BatchLedger
    ) -> None:
        ledger.numbers = lambda: False
        assert not ledger.takes
        for refused in (ledger.accept(event("a"), 0), ledger.begin_send(send(event()))):
            with pytest.raises(StoreClosed, match="another"):
                await refused
        assert ledger.newest == 0
        ledger.numbers = lambda: True
        ledger.accept(event("b"), 0)
        assert (await engine.nth(1)).texts() == ["b"]

    async def test_what_is_not_on_disk_yet_is_known(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        assert ledger.unwritten_from == 1
        await waiting(ledger.accept(event("a"), 0))
        first = await engine.nth(1)
        written = await waiting(ledger.begin_send(send(event())), ledger.accept(event("b"), 0))
        assert (ledger.newest, ledger.unwritten_from) == (3, 1)
        first.done()
        second = await engine.nth(2)
        assert ledger.unwritten_from == 2
        second.done()
        await asyncio.gather(*written)
        assert ledger.unwritten_from == 4


class TestClose:
    async def test_everything_given_is_written(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        ledger.put([StorePut("p", "k", None)])
        (closing,) = await waiting(ledger.close())
        (await engine.nth(1)).done()
        await closing
        with pytest.raises(StoreClosed, match="closed"):
            await ledger.accept(event(), 0)

    async def test_what_cannot_be_written_then_is_given_up(self, engine: HeldEngine, meters: Meters) -> None:
        ledger = BatchLedger(engine, meters, 0, retry_s=60)
        (accepted,) = await waiting(ledger.accept(event(), 0))
        (await engine.nth(1)).future.set_exception(FULL)
        await asyncio.sleep(0)
        (closing,) = await waiting(ledger.close())
        (await engine.nth(2)).future.set_exception(FULL)
        await closing
        with pytest.raises(StoreClosed, match="disk is full"):
            await accepted

    async def test_closing_twice_is_fine(self, engine: HeldEngine, ledger: BatchLedger) -> None:
        await ledger.close()
        await ledger.close()
        assert engine.writes == []
