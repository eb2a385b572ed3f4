from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Self

import msgspec

from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk
from kagami.log import Ring
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import Principal
from kagami.model.trace import Trace
from kagami.ports import AuditRow, Feed, Notice, Parts
from kagami.testing.clock import FakeClock
from kagami.web.live import LOOKED_THROUGH, PORTION, SCOPES, SOURCES, TICK_S, TOPICS, Subscription, feed
from tests.web.doubles import NOW_MS, Rows, StillHouse, make_parts, row

NOTICE = Notice(NOW_MS, "warning", "bot", "the bot is away")


class Listener:
    """Reads a feed while a test moves the time. `heard` has each item with the second at which it came."""

    def __init__(self, *topics: str) -> None:
        self.clock = FakeClock()
        self.house = StillHouse()
        self.bots = Rows(row())
        self.heard: list[tuple[float, Feed]] = []
        self._topics = topics

    async def listen(self) -> None:
        parts = make_parts(clock=self.clock, house=self.house, bots=self.bots)
        async with aclosing(feed(parts, self._topics)) as items:
            async for item in items:
                self.heard.append((self.clock.monotonic(), item))

    async def __aenter__(self) -> Self:
        self._group = asyncio.TaskGroup()
        group = await self._group.__aenter__()
        self._task = group.create_task(self.listen())
        await self.clock.asleep()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await self._group.__aexit__(None, None, None)

    def values(self, topic: str) -> list[object]:
        return [item.value for _, item in self.heard if item.topic == topic]


async def test_a_pulse_comes_at_once_and_then_each_second() -> None:
    async with Listener("pulse") as listener:
        await listener.clock.advance(3)
        assert [moment for moment, _ in listener.heard] == [0, 1, 2, 3]


async def test_rows_come_once_while_nothing_changes() -> None:
    async with Listener("bots") as listener:
        await listener.clock.advance(5)
        assert listener.values("bots") == [[row()]]


async def test_changed_rows_come_at_the_next_tick() -> None:
    async with Listener("bots") as listener:
        listener.bots.all = [row(state="offline")]
        await listener.clock.advance(TICK_S)
        assert listener.values("bots")[-1] == [row(state="offline")]


async def test_rows_come_twice_a_second_at_most() -> None:
    async with Listener("bots") as listener:
        for count in range(1, 21):
            listener.bots.all = [row(received=count)]
            await listener.clock.advance(0.1)
        assert len(listener.heard) == 1 + 2 / TICK_S


async def test_a_new_notice_comes_once() -> None:
    async with Listener("notice") as listener:
        listener.house.told.append(NOTICE)
        await listener.clock.advance(3)
        assert listener.values("notice") == [NOTICE]


async def test_an_old_notice_does_not_come() -> None:
    listener = Listener("notice")
    listener.house.told.append(NOTICE)
    async with listener:
        await listener.clock.advance(3)
        assert listener.heard == []


async def test_only_what_was_asked_for_comes() -> None:
    async with Listener("pulse", "weather") as listener:
        listener.house.told.append(NOTICE)
        await listener.clock.advance(2)
        assert {item.topic for _, item in listener.heard} == {"pulse"}


# --- what comes in great numbers ---


class Ended:
    """A store whose traces and audit a test fills; only the newest are given, the newest first."""

    def __init__(self) -> None:
        self.rows: list[Trace] = []
        self.audit: list[AuditRow] = []

    async def traces(self, *, limit: int) -> list[Trace]:
        return self.rows[::-1][:limit]

    async def audits(self, *, limit: int) -> list[AuditRow]:
        return self.audit[::-1][:limit]

    async def audits_after(self, seq: int, limit: int) -> list[AuditRow]:
        return [each for each in self.audit if each.seq > seq][:limit]


def trace(name: str) -> Trace:
    return Trace(ExecutionId(name), BotId("qq:1"), ChatId("group:1"), UserId("1"), NOW_MS, 5, "handled")


def audited(seq: int) -> AuditRow:
    return AuditRow(seq, NOW_MS, "person", "ada", "", "bots.list", "{}", "ok")


def say(ring: Ring, count: int, level: int = logging.INFO, source: str = "hub") -> None:
    for number in range(count):
        ring.emit(logging.LogRecord(f"kagami.{source}", level, "", 0, f"line {number}", None, None))


async def looks(parts: Parts, clock: FakeClock, wishes: Subscription, *acts: Callable[[], None]) -> list[Any]:
    """What a reader is told after each act and a second."""
    told: list[Feed] = []

    async def listen() -> None:
        async with aclosing(feed(parts, wishes.topics, wishes)) as items:
            async for item in items:
                told.append(item)  # noqa: PERF401 - it is cancelled, and what was heard until then counts

    async with asyncio.TaskGroup() as group:
        task = group.create_task(listen())
        await clock.asleep()
        for act in acts:
            act()
            await clock.advance(2 * TICK_S)
        task.cancel()
    return [each.value for each in told]


async def test_new_log_lines_come_and_old_ones_do_not() -> None:
    clock, ring = FakeClock(), Ring()
    say(ring, 3)
    told = await looks(
        make_parts(clock=clock, ring=ring), clock, Subscription(topics=("logs",)), lambda: say(ring, 2), lambda: None
    )
    assert [[line.text for line in each.lines] for each in told] == [["line 0", "line 1"]]


async def test_log_lines_pass_the_level_and_the_filter() -> None:
    clock, ring = FakeClock(), Ring()

    def act() -> None:
        say(ring, 1, logging.INFO, "gateway")
        say(ring, 1, logging.ERROR, "hub")
        say(ring, 1, logging.ERROR, "gateway")

    wishes = Subscription(topics=("logs",), level="warning", filter="source:gateway")
    (tail,) = await looks(make_parts(clock=clock, ring=ring), clock, wishes, act)
    assert [(line.level, line.source) for line in tail.lines] == [(logging.ERROR, "gateway")]


async def test_what_comes_too_fast_is_counted_and_left_out() -> None:
    clock, ring = FakeClock(), Ring()
    wishes = Subscription(topics=("logs",))
    (tail,) = await looks(make_parts(clock=clock, ring=ring), clock, wishes, lambda: say(ring, LOOKED_THROUGH + 100))
    assert (len(tail.lines), tail.missed) == (PORTION, LOOKED_THROUGH + 100 - PORTION)
    assert tail.lines[-1].seq == ring.newest


async def test_executions_come_when_they_have_ended() -> None:
    clock, store = FakeClock(), Ended()
    store.rows = [trace("a")]
    told = await looks(
        make_parts(clock=clock, store=store),
        clock,
        Subscription(topics=("traces",)),
        lambda: store.rows.extend([trace("b"), trace("c")]),
        lambda: store.rows.insert(0, trace("begun earlier")),
    )
    assert [[each.execution for each in rows] for rows in told] == [["b", "c"], ["begun earlier"]]


async def test_rows_of_the_audit_come_once() -> None:
    clock, store = FakeClock(), Ended()
    store.audit = [audited(1)]
    told = await looks(
        make_parts(clock=clock, store=store),
        clock,
        Subscription(topics=("audit",)),
        lambda: store.audit.extend([audited(2), audited(3)]),
        lambda: None,
    )
    assert [[each.seq for each in rows] for rows in told] == [[2, 3]]


async def test_who_may_not_reveal_is_told_stand_ins() -> None:
    clock, store, said = FakeClock(), Ended(), "打13800138000"
    parts = make_parts(clock=clock, store=store, privacy=PrivacyDesk(PrivacyConfig(enabled=True)))
    viewer = replace(parts, who=Principal("person", "vera", frozenset({"*:read"})))
    told = await looks(
        viewer,
        clock,
        Subscription(topics=("traces", "audit")),
        lambda: store.rows.append(msgspec.structs.replace(trace("a"), text=said)),
        lambda: store.audit.append(msgspec.structs.replace(audited(1), target=f'{{"text":"{said}"}}')),
    )
    assert len(told) == 2
    assert "13800138000" not in repr(told)
    assert repr(told).count("[phone-1]") == 2


def test_every_topic_has_a_right_and_a_source() -> None:
    assert set(TOPICS) == set(SCOPES) == set(SOURCES)
