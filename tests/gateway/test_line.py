"""One connection: what goes out on it in which order, what was missed, and when it counts as taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
import pytest

from kagami.core.admission import Admission
from kagami.core.handshake import Role
from kagami.errors import Unavailable
from kagami.gateway import line as module
from kagami.gateway.clerk import Clerk
from kagami.gateway.line import BEAT_S, LATE_S, LOOK_S, MOST_CALLS, POLICY, Line
from kagami.net.supervise import Nursery
from kagami.ports import Passed
from kagami.testing.clock import FakeClock, settle
from tests.gateway.house import ALL, FEISHU, QQ, House, Wire, feishu_event, qq_event


class Open:
    """A connection that runs."""

    def __init__(self, line: Line, clerk: Clerk, wire: Wire, task: asyncio.Task[None]) -> None:
        self.line = line
        self.clerk = clerk
        self.wire = wire
        self.task = task

    async def until(self, texts: list[str]) -> None:
        """Until these messages have gone out, and no more."""
        await self.wire.until(lambda: len(self.wire.texts) >= len(texts))
        await settle()
        assert self.wire.texts == texts

    async def ended(self) -> None:
        self.wire.end()
        with suppress(EOFError):
            await self.task


class Case:
    def __init__(self, nursery: Nursery) -> None:
        self.clock = FakeClock()
        self.house = House(nursery, self.clock)

    @asynccontextmanager
    async def open(
        self, *, role: Role = "universal", only: str = "", follows: bool = True, admission: Admission = ALL
    ) -> AsyncIterator[Open]:
        wire, means = Wire(), self.house.means
        clerk = Clerk("app", admission, means, lambda *_: None)
        line = Line("app", wire, role, clerk, means, only=only, follows=follows)
        task = self.house.nursery.start("line", self._run(line))
        await settle()
        opened = Open(line, clerk, wire, task)
        try:
            yield opened
        finally:
            await opened.ended()
            await settle()

    async def _run(self, line: Line) -> None:
        with suppress(EOFError):
            await line.run(late_s=3600.0)

    def happens(self, number: int, words: str = "") -> None:
        self.house.flow.happens(qq_event(number, words or f"n{number}", at_ms=self.clock.wall_ms()))


@pytest.fixture
async def case() -> AsyncIterator[Case]:
    async with Nursery() as nursery:
        yield Case(nursery)


def kinds(wire: Wire) -> list[tuple[str, int]]:
    return [(each.get("meta_event_type") or each["post_type"], each["self_id"]) for each in wire.told]


class TestSignsOfLife:
    async def test_each_account_is_told_of_before_all_else(self, case: Case) -> None:
        async with case.open() as opened:
            other = await case.house.number("cli_1")
            assert kinds(opened.wire) == [("lifecycle", 10_001), ("lifecycle", other)]

    async def test_one_that_comes_later_is_told_of_then(self, case: Case) -> None:
        case.house.accounts.here[QQ].state = "connecting"
        async with case.open(only="10001") as opened:
            assert opened.wire.told == []
            case.house.accounts.here[QQ].state = "online"
            await case.clock.advance(LOOK_S)
            assert kinds(opened.wire) == [("lifecycle", 10_001)]

    async def test_an_event_of_one_that_is_not_told_of_tells_of_it(self, case: Case) -> None:
        case.house.accounts.here[QQ].state = "connecting"
        async with case.open(only=QQ) as opened:
            case.happens(1)
            await opened.until(["n1"])
            assert kinds(opened.wire) == [("lifecycle", 10_001), ("message", 10_001)]

    async def test_hearts_beat_as_their_links_are(self, case: Case) -> None:
        async with case.open() as opened:
            case.house.accounts.here[FEISHU].state = "backoff"
            await case.clock.advance(BEAT_S + 2 * LOOK_S)
            beats = [each for each in opened.wire.told if each["meta_event_type"] == "heartbeat"]
            assert [(each["status"]["online"], each["interval"]) for each in beats] == [(True, 15_000), (False, 15_000)]

    async def test_one_of_another_process_is_told_of_and_its_heart_beats(self, case: Case) -> None:
        case.house.accounts.move(FEISHU)
        async with case.open(only="cli_1") as opened:
            await case.clock.advance(BEAT_S + 2 * LOOK_S)
            beats = [each for each in opened.wire.told if each["meta_event_type"] == "heartbeat"]
            assert [each["status"]["online"] for each in beats] == [True]

    async def test_one_that_it_may_not_see_any_more_has_none(self, case: Case) -> None:
        async with case.open() as app:
            app.clerk.admission = Admission(bots=("qq:*",))
            before = len(app.wire.told)
            await case.clock.advance(BEAT_S + LOOK_S)
            await app.wire.until(lambda: len(app.wire.told) > before)
            assert {each["self_id"] for each in app.wire.told[before:]} == {10_001}

    async def test_a_connection_for_calls_alone_is_told_nothing(self, case: Case) -> None:
        async with case.open(role="api") as opened:
            case.happens(1)
            await case.clock.advance(BEAT_S + LOOK_S)
            assert opened.wire.told == []
            opened.wire.says("get_version_info")
            await opened.wire.until(lambda: bool(opened.wire.frames))
            assert opened.wire.told[0]["retcode"] == 0


class TestEvents:
    async def test_all_that_pass_come_in_order(self, case: Case) -> None:
        async with case.open(admission=Admission(bots=("qq:*",))) as opened:
            for number in range(1, 9):
                case.happens(number)
                case.house.flow.happens(feishu_event(number))
            await opened.until([f"n{number}" for number in range(1, 9)])

    async def test_those_of_one_account_where_the_connection_is_for_one(self, case: Case) -> None:
        async with case.open(only="10001") as opened:
            case.house.flow.happens(feishu_event())
            case.happens(1)
            await opened.until(["n1"])

    async def test_what_is_hidden_stays_hidden(self, case: Case) -> None:
        case.house.flow.hidden = {"m:1"}
        async with case.open() as opened:
            case.happens(1)
            case.happens(2)
            await opened.until(["n2"])

    async def test_what_cannot_be_told_stops_nothing(self, case: Case) -> None:
        async with case.open() as app:
            case.house.flow.happens(feishu_event(1, "\ud800", at_ms=case.clock.wall_ms()))
            case.happens(2)
            await app.until(["n2"])
            assert app.line.cursor.sent == case.house.flow.reached

    async def test_what_is_live_is_not_late(self, case: Case) -> None:
        async with case.open() as opened:
            case.happens(1)
            await opened.until(["n1"])
            assert "kagami" not in opened.wire.told[-1]

    async def test_what_had_to_wait_for_long_is_late_even_so(self, case: Case) -> None:
        async with case.open() as opened:
            case.house.flow.happens(qq_event(), at_ms=case.clock.wall_ms() - int(LATE_S * 1000))
            await opened.until(["hello"])
            assert opened.wire.told[-1]["kagami"] == {"late_s": LATE_S}

    async def test_while_it_is_drained_it_gets_nothing(self, case: Case) -> None:
        case.house.watch.stopped = {"app"}
        async with case.open() as opened:
            case.happens(1)
            await case.clock.advance(3 * LOOK_S)
            assert opened.wire.texts == []
            case.house.watch.stopped = set()
            await case.clock.advance(LOOK_S)
            await opened.until(["n1"])

    async def test_a_member_of_a_pool_does_not_follow(self, case: Case) -> None:
        async with case.open(follows=False) as opened:
            case.happens(1)
            await settle()
            assert opened.wire.texts == []


class TestMissed:
    async def test_it_follows_as_long_as_it_is_connected(self, case: Case) -> None:
        async with case.open():
            assert case.house.flow.followers == 1
        assert case.house.flow.followers == 0
        async with case.open(role="api"), case.open(follows=False):
            assert case.house.flow.followers == 0

    async def test_exactly_what_was_missed_comes_marked_and_then_what_is_live(self, case: Case) -> None:
        async with case.open() as opened:
            case.happens(1)
            await opened.until(["n1"])
        case.happens(2)
        case.happens(3)
        await case.clock.advance(3)
        async with case.open() as opened:
            case.happens(4)
            await opened.until(["n2", "n3", "n4"])
            said = [each for each in opened.wire.told if each["post_type"] == "message"]
            assert [each.get("kagami") for each in said] == [{"late_s": 3.0}, {"late_s": 3.0}, None]
            assert opened.line.late == 2

    async def test_what_it_did_not_read_comes_again(self, case: Case) -> None:
        async with case.open() as opened:
            case.happens(1)
            await opened.until(["n1"])
            opened.wire.reads = False
            case.happens(2)
            await opened.until(["n1", "n2"])
        async with case.open() as opened:
            await opened.until(["n2"])

    async def test_the_lag_does_not_grow_while_nothing_is_left(self, case: Case) -> None:
        """The newest number may be that of a send."""
        async with case.open() as opened:
            case.happens(1)
            await opened.until(["n1"])
        case.house.flow.newest += 1
        async with case.open() as opened:
            await settle()
            await case.clock.advance(LATE_S)
            assert opened.line.behind_s == 0.0

    async def test_while_it_is_stopped_nothing_is_written_to_it(self, case: Case) -> None:
        async with case.open() as opened:
            opened.wire.goes_on.clear()
            for number in (1, 2, 3):
                case.happens(number)
            await settle()
            await case.clock.advance(LATE_S)
            assert opened.wire.texts == []
            assert opened.line.behind_s == pytest.approx(LATE_S, abs=0.1)
            case.happens(4)
            opened.wire.goes_on.set()
            await opened.until(["n1", "n2", "n3", "n4"])
            assert opened.line.late == 4
            case.happens(5)
            await opened.until(["n1", "n2", "n3", "n4", "n5"])
            assert opened.line.late == 4
            assert opened.line.behind_s == 0.0

    async def test_who_goes_on_reading_nothing_is_hung_up_on(self, case: Case) -> None:
        async with case.open() as opened:
            opened.wire.reads = False
            case.happens(1)
            await opened.wire.closing()
            assert (opened.wire.texts, opened.wire.closed) == ([], (POLICY, "it reads nothing"))

    async def test_it_begins_with_what_is_new(self, case: Case) -> None:
        case.happens(1)
        async with case.open() as opened:
            case.happens(2)
            await opened.until(["n2"])

    async def test_a_gap_is_counted_and_passed_over(self, case: Case) -> None:
        async with case.open():
            pass
        for number in (1, 2, 3):
            case.happens(number)
        case.house.flow.gap = Passed(2, (4,))
        async with case.open() as opened:
            await opened.until(["n3"])
            assert (opened.line.skipped, case.house.meters.count["worker_events_skipped", "app"]) == (2, 2)

    async def test_two_connections_for_two_accounts_have_come_as_far_as_each_has(self, case: Case) -> None:
        async with case.open(only=QQ), case.open(only=FEISHU):
            pass
        case.happens(1)
        case.house.flow.happens(feishu_event(1, "f1"))
        async with case.open(only=FEISHU) as opened:
            await opened.until(["f1"])
        async with case.open(only=QQ) as opened:
            await opened.until(["n1"])

    async def test_how_far_it_is_is_kept_now_and_then(self, case: Case) -> None:
        async with case.open() as opened:
            case.happens(1)
            await opened.until(["n1"])
            await case.clock.advance(2 * LOOK_S)
            ((_, kept),) = case.house.values.kept.items()
            assert msgspec.json.decode(kept)["number"] == 2

    async def test_how_far_behind_it_is(self, case: Case) -> None:
        async with case.open() as opened:
            case.happens(1)
            await opened.until(["n1"])
            assert opened.line.behind_s == 0.0
            opened.wire.reads = False
            case.happens(2)
            await opened.until(["n1", "n2"])
            await case.clock.advance(5)
            assert opened.line.behind_s == pytest.approx(5, abs=0.1)


class TestDeliver:
    async def test_it_is_done_when_it_was_read(self, case: Case) -> None:
        async with case.open(follows=False) as opened:
            await opened.line.deliver(qq_event(), 0.0)
            assert (opened.wire.texts, opened.wire.probes) == (["hello"], 2)

    async def test_who_reads_nothing_has_not_got_it(self, case: Case) -> None:
        async with case.open(follows=False) as opened:
            opened.wire.reads = False
            with pytest.raises(Unavailable, match="reads nothing"):
                await opened.line.deliver(qq_event(), 0.0)

    async def test_nor_has_who_is_gone(self, case: Case) -> None:
        async with case.open(follows=False) as opened:
            await opened.ended()
            with pytest.raises(Unavailable, match="reads nothing"):
                await opened.line.deliver(qq_event(), 0.0)


class TestCalls:
    async def test_each_is_answered(self, case: Case) -> None:
        async with case.open() as opened:
            for number in range(MOST_CALLS + 5):
                opened.wire.says("get_version_info", echo=number)
            answers: list[Any] = []
            await opened.wire.until(lambda: len([each for each in opened.wire.told if "retcode" in each]) == 69)
            answers = [each["echo"] for each in opened.wire.told if "retcode" in each]
            assert answers == list(range(69))

    async def test_only_so_many_bytes_of_them_are_held(self, case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(module, "MOST_CALL_BYTES", 10)
        async with case.open() as app:
            app.wire.says("get_version_info")
            assert app.wire.paused is not None
            assert app.wire.paused() is True
            await app.wire.until(lambda: "retcode" in app.wire.told[-1])
            await settle()
            assert app.wire.paused() is False

    async def test_on_a_connection_for_events_nothing_is_said(self, case: Case) -> None:
        async with case.open(role="event") as opened:
            opened.wire.says("get_version_info")
            await settle()
            assert not [each for each in opened.wire.told if "retcode" in each]

    async def test_who_left_meanwhile_is_not_answered(self, case: Case) -> None:
        async with case.open() as opened:
            opened.wire.says("get_version_info")
            opened.wire.end()
            await settle()
        assert not case.house.nursery.failures
