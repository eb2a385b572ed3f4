from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kagami.clock import SystemClock
from kagami.core.pace import Pace
from kagami.errors import NotFound, PluginError
from kagami.hub.config import HubConfig, LimitsConfig
from kagami.hub.hub import Hub, HubParts
from kagami.meters import Meters
from kagami.model.action import Send
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import text
from kagami.model.trace import Trace
from kagami.net.supervise import Nursery
from kagami.operations import registry
from kagami.ports import Execution, Handled
from kagami.storage.store import SqlStore, open_store
from tests.hub.doubles import QQ, Account, NoQuestions


def said(number: int, words: str = "hello") -> Event:
    execution = ExecutionId(f"01a20000-0000-7000-8000-{number:012d}")
    return Event(
        execution, QQ, "message", "group", ChatId("group:7"), UserId("42"), time_ms=0, dedupe=f"m:{number}",
        message=text(words), message_id=str(number),
    )  # fmt: skip


class Plugins:
    """Implements `ports.Runtime` and `ports.Suspects`: answers with what was said, and breaks when told to."""

    def __init__(self) -> None:
        self.tried: list[str] = []
        self.breaks = False
        self.hold: asyncio.Event | None = None

    def wants(self, execution: Execution) -> bool:
        return bool(execution.event.text)

    async def handle(self, execution: Execution) -> Handled:
        self.tried.append(execution.event.dedupe)
        if self.hold:
            await self.hold.wait()
        event = execution.event
        await execution.perform(Send(event.bot, event.chat, event.message))
        if self.breaks:
            raise PluginError(plugin="p", reason="broken")
        return Handled("p@1", "handled")

    def serves(self, plugin: str) -> bool:
        return True

    def takers(self, event: Event, only: str = "") -> list[str]:
        return ["p@1"]

    def blame(self, frames: object) -> str:
        return ""

    def blamed(self, plugin: str, seconds: float) -> None:
        return


class Home:
    def __init__(self, hub: Hub, store: SqlStore, plugins: Plugins, bot: Account) -> None:
        self.hub, self.store, self.plugins, self.bot = hub, store, plugins, bot

    async def trace(self, number: int, outcome: str) -> Trace:
        """The trace of an event once it has this outcome."""
        async with asyncio.timeout(5):
            while True:
                await self.store.ledger.flush()
                found = await self.store.trace(said(number).execution)
                if found is not None and found.outcome == outcome:
                    return found
                await asyncio.sleep(0)


@asynccontextmanager
async def home(database: str = ":memory:", config: HubConfig | None = None) -> AsyncIterator[Home]:
    clock, meters, plugins, bot = SystemClock(), Meters(), Plugins(), Account()
    async with open_store(database, clock=clock, meters=meters) as store, Nursery() as nursery:
        parts = HubParts(
            store=store, runtime=plugins, suspects=plugins, dialogs=NoQuestions(), operations=registry(),
            nursery=nursery, clock=clock, meters=meters, log_seq=lambda: 0, config=config or HubConfig(),
            limits=LimitsConfig(), pace=Pace(account_per_second=0, chat_per_second=0), load=lambda: (0.0, 0, 0),
        )  # fmt: skip
        async with Hub(parts) as hub:
            hub.attach(bot)
            yield Home(hub, store, plugins, bot)


async def test_a_message_is_kept_handled_answered_and_traced() -> None:
    async with home() as one:
        assert await one.hub.accept(said(1), 0.0)
        trace = await one.trace(1, "handled")
        assert [mark.stage for mark in trace.marks] == ["frame", "lane", "guard", "route", "send", "commit", "receipt"]
        assert one.bot.performed == [Send(QQ, ChatId("group:7"), text("hello"))]
        sends = await one.store.sends(said(1).execution)
        assert [(row.text, row.outcome, row.message_id) for row in sends] == [("hello", "sent", "900")]


async def test_what_was_accepted_and_not_done_goes_on_after_a_restart_without_sending_twice(tmp_path: Path) -> None:
    database = str(tmp_path / "kagami.db")
    async with home(database) as first:
        first.plugins.breaks = True
        await first.hub.accept(said(1), 0.0)
        await first.trace(1, "retry")
        assert len(first.bot.performed) == 1
    async with home(database) as second:
        assert await second.hub.recover() == 1
        await second.trace(1, "handled")
        assert second.bot.performed == []
        assert not await second.hub.accept(said(1), 0.0)


async def test_an_event_that_fails_for_good_can_be_replayed() -> None:
    async with home(config=HubConfig(tries=1)) as one:
        one.plugins.breaks = True
        await one.hub.accept(said(1), 0.0)
        await one.trace(1, "dead")
        one.plugins.breaks = False
        await one.hub.replay(said(1).execution)
        await one.trace(1, "handled")
        assert len(one.bot.performed) == 1


async def test_only_dead_events_can_be_replayed() -> None:
    async with home() as one:
        with pytest.raises(NotFound):
            await one.hub.replay(said(1).execution)


async def test_stopping_waits_for_the_handler_that_runs_and_keeps_what_waits(tmp_path: Path) -> None:
    database = str(tmp_path / "kagami.db")
    async with home(database) as one:
        one.plugins.hold = asyncio.Event()
        await one.hub.accept(said(1), 0.0)
        await one.hub.accept(said(2), 0.0)
        while not one.plugins.tried:
            await asyncio.sleep(0)
        draining = asyncio.ensure_future(one.hub.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        one.plugins.hold.set()
        await draining
        assert one.plugins.tried == ["m:1"]
    async with home(database) as two:
        assert await two.hub.recover() == 1
        await two.trace(2, "handled")


async def test_a_bad_frame_is_kept_as_a_trace() -> None:
    async with home() as one:
        one.hub.complain(QQ, "not JSON", b"{")
        await one.store.ledger.flush()
        traces = await one.store.traces(outcome="bad_frame")
        assert [(trace.error, trace.text) for trace in traces] == [("not JSON", "{")]


async def test_a_detached_bot_is_gone_unless_a_newer_one_came() -> None:
    async with home() as one:
        newer = Account()
        one.hub.attach(newer)
        one.hub.detach(one.bot)
        assert one.hub.current(QQ) is newer
        one.hub.detach(newer)
        assert one.hub.current(BotId("qq:1000")) is None


async def test_it_says_why_it_is_asked_to_stop() -> None:
    async with home() as one:
        one.hub.stop("because")
        assert one.hub.stopping.is_set()
        assert one.hub.stop_reason == "because"


async def test_it_shows_its_pulse_and_its_notices() -> None:
    async with home() as one:
        assert one.hub.pulse() in one.hub.pulses(10)
        assert one.hub.notices() == []
        assert one.hub.stalled_s < 1.0


async def left_open(database: str) -> None:
    """A run that accepts an event and stops before it is handled."""
    async with home(database) as one:
        await one.hub.drain()
        await one.hub.accept(said(1), 0.0)


async def test_what_was_left_open_waits_for_its_bot(tmp_path: Path) -> None:
    database = str(tmp_path / "kagami.db")
    await left_open(database)
    async with home(database) as two:
        two.hub.detach(two.bot)
        assert await two.hub.recover() == 1
        assert not await two.hub.accept(said(1), 0.0)
        assert two.plugins.tried == []
        two.hub.attach(two.bot)
        await two.trace(1, "handled")
        assert len(two.bot.performed) == 1


async def test_shortly_after_an_outage_of_the_store_too_what_fails_may_have_failed_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with home() as one:
        gauge, pipeline = one.hub._parts.meters.gauge, one.hub.pipeline
        told = [pipeline.away()]
        gauge["ledger_healthy"] = 0.0
        told.append(pipeline.away())
        gauge["ledger_healthy"] = 1.0
        told.append(pipeline.away())
        monkeypatch.setattr("kagami.hub.hub.SETTLED_S", 0.0)
        assert [*told, pipeline.away()] == [False, True, True, False]


async def test_who_writes_nothing_hears_of_an_outage_from_whoever_asks() -> None:
    async with home() as one:
        one.hub.unsure = lambda: True
        assert one.hub.pipeline.away()


async def test_a_bot_that_stays_away_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kagami.hub.hub.PATIENCE_S", 0.0)
    monkeypatch.setattr("kagami.hub.outbox.REACH_S", 0.0)
    database = str(tmp_path / "kagami.db")
    await left_open(database)
    async with home(database) as two:
        two.hub.detach(two.bot)
        await two.hub.recover()
        await two.trace(1, "unsent")
        assert two.bot.performed == []


async def test_no_try_begins_while_it_stops(tmp_path: Path) -> None:
    async with home(config=HubConfig(retry_after=(0.0,))) as one:
        one.plugins.breaks = True
        one.plugins.hold = asyncio.Event()
        await one.hub.accept(said(1), 0.0)
        while not one.plugins.tried:
            await asyncio.sleep(0)
        draining = asyncio.ensure_future(one.hub.drain())
        await asyncio.sleep(0)
        one.plugins.hold.set()
        await draining
        await one.trace(1, "retry")
        assert one.plugins.tried == ["m:1"]
