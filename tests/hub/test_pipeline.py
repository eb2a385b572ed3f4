from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from kagami.core.guard import GuardEntry
from kagami.core.loops import Loops
from kagami.core.routing import Rule
from kagami.errors import Parked, PluginError, StoreClosed
from kagami.hub.board import Board
from kagami.hub.chatdesk import ChatDesk
from kagami.hub.config import HubConfig, LimitsConfig
from kagami.hub.execution import Execution as HubExecution
from kagami.hub.guard import Guard
from kagami.hub.onward import MOVED
from kagami.hub.pipeline import Pipeline
from kagami.hub.recorder import Recorder
from kagami.hub.registry import BotRegistry
from kagami.hub.retries import Retries
from kagami.hub.routes import Routes
from kagami.hub.workers import Workers
from kagami.meters import Meters
from kagami.net.supervise import Nursery
from kagami.ports import Execution, Handled, Open, RuleList
from tests.hub.doubles import Audits, Book, Hand, Kept, StillClock, Worker, desk, event, execution

Handle = Callable[[Execution], Awaitable[Handled]]


async def _echo(_: Execution) -> Handled:
    return Handled("echo@1", "handled")


class Line:
    def __init__(self, nursery: Nursery, handle: Handle, limits: LimitsConfig) -> None:
        self.book, self.clock, self.audits = Book(), StillClock(), Audits()
        bots, meters = BotRegistry(), Meters()
        self.board = board = Board(self.clock, meters, bots, load=lambda: (0.0, 0, 0), log_seq=lambda: 0)
        recorder = Recorder(self.book, bots, board, config=HubConfig(), clock=self.clock, meters=meters)
        self.retries = Retries(self.clock, lambda _: None)
        admins = ["qq:1"]
        self.worker = Worker(handle)
        store: Any = Kept()
        desk = ChatDesk(admins, self.audits, nursery, self.clock)  # type: ignore[arg-type]
        self.workers = Workers(store, self.clock, chance=lambda: 0.0)
        self.routes = Routes(store, self.worker, self.workers, desk, self.clock)
        self.guard = Guard(store, bots, Loops(), limits=limits, admins=admins, clock=self.clock, tell=board.notice)
        self.pipeline = Pipeline(self.worker, desk, recorder, self.retries, guard=self.guard, routes=self.routes)

    def rules(self, *rules: Rule) -> None:
        self.routes.use(RuleList(1, rules))

    async def walk(self, execution: HubExecution) -> None:
        """The whole way of one event, as it is accepted and as a lane goes it."""
        if not (execution.attempts or execution.resumed):
            execution.stop = self.guard.limit(execution.event)
        if self.pipeline.begin(execution):
            await self.pipeline.handle(execution)


@asynccontextmanager
async def line(handle: Handle = _echo, limits: LimitsConfig | None = None) -> AsyncIterator[Line]:
    async with Nursery() as nursery:
        yield Line(nursery, handle, limits or LimitsConfig())


async def test_an_event_is_routed_handled_and_closed() -> None:
    async with line() as one:
        await one.walk(execution())
        trace = one.book.closed[0][0]
    assert (trace.outcome, trace.plugin) == ("handled", "echo@1")
    assert [(mark.stage, mark.detail) for mark in trace.marks] == [("lane", ""), ("guard", ""), ("route", "no rules")]


async def test_a_user_who_floods_is_limited() -> None:
    async with line(limits=LimitsConfig(user_per_minute=2, chat_per_minute=0)) as one:
        for number in range(3):
            await one.walk(execution(number))
    assert one.book.outcomes == ["handled", "handled", "limited"]


async def test_a_chat_that_floods_is_limited() -> None:
    async with line(limits=LimitsConfig(user_per_minute=0, chat_per_minute=2)) as one:
        for number in range(3):
            await one.walk(execution(number))
    assert one.book.outcomes == ["handled", "handled", "limited"]


async def test_limits_return_with_time() -> None:
    async with line(limits=LimitsConfig(user_per_minute=1, chat_per_minute=0)) as one:
        await one.walk(execution(1))
        one.clock.now += 60
        await one.walk(execution(2))
    assert one.book.outcomes == ["handled", "handled"]


async def test_another_try_is_not_limited() -> None:
    async with line(limits=LimitsConfig(user_per_minute=1, chat_per_minute=1)) as one:
        await one.walk(execution(1))
        await one.walk(execution(1, attempts=1))
    assert one.book.outcomes == ["handled", "handled"]


async def test_a_stranger_who_commands_gets_no_answer_and_a_row_in_the_audit() -> None:
    handled: list[str] = []

    async def handle(each: Execution) -> Handled:
        handled.append(each.event.dedupe)
        return Handled()

    async with line(handle) as one:
        await one.walk(execution(1, "#status"))
        await asyncio.wait_for(one.audits.told.wait(), 5)
    assert one.book.outcomes == ["denied"]
    assert handled == []
    assert one.audits.rows == [("qq:42", "chat #status", "denied")]


async def test_a_rule_drops_an_event() -> None:
    async with line() as one:
        one.rules(Rule("user:42", "drop"))
        await one.walk(execution())
        trace = one.book.closed[0][0]
    assert trace.outcome == "dropped"
    assert [(mark.stage, mark.detail) for mark in trace.marks] == [
        ("lane", ""),
        ("guard", ""),
        ("route", "rule 1 user:42"),
    ]


async def test_a_rule_gives_an_event_to_one_plugin() -> None:
    seen: list[str] = []

    async def handle(each: Execution) -> Handled:
        seen.append(each.only)
        return Handled("weather@1", "handled")

    async with line(handle) as one:
        one.rules(Rule("user:42", "plugin:weather"))
        await one.walk(execution())
    assert seen == ["weather"]


async def test_a_rule_gives_an_event_to_a_worker_and_the_plugins_do_not_see_it() -> None:
    async with line() as one:
        hand = Hand("w")
        one.workers.attach(hand)
        one.rules(Rule("user:42", "w"))
        await one.walk(execution())
        trace = one.book.closed[0][0]
    assert (hand.heard, trace.plugin) == (["m:1"], "w")
    assert trace.marks[2].detail == "rule 1 user:42: w"


async def test_a_worker_that_went_while_the_event_waited_is_not_asked() -> None:
    async with line() as one:
        first, second = Hand("first", "pool"), Hand("second", "pool")
        one.workers.attach(first)
        one.workers.attach(second)
        one.rules(Rule("user:42", "pool"))
        each = execution()
        assert one.pipeline.begin(each)
        first.live = False
        await one.pipeline.handle(each)
    assert (first.heard, second.heard) == ([], ["m:1"])


async def test_an_operators_command_goes_past_all_rules_and_lists() -> None:
    async with line() as one:
        one.rules(Rule("*", "drop"))
        one.guard.use([GuardEntry("user", "*")])
        each = HubExecution(event(1, "#status", user="1"), desk(), read_at=0.0, accepted_ms=5)
        await one.walk(each)
    assert one.book.outcomes == ["handled"]


async def test_what_is_kept_out_is_guarded_with_the_reason_in_the_trace() -> None:
    async with line() as one:
        one.guard.use([GuardEntry("word", "hello")])
        await one.walk(execution())
        trace = one.book.closed[0][0]
    assert trace.outcome == "guarded"
    assert [(mark.stage, mark.detail) for mark in trace.marks] == [("lane", ""), ("guard", "word hello")]


async def test_who_is_warned_gets_an_answer_and_no_plugin_sees_it() -> None:
    async with line() as one:
        one.guard.use([GuardEntry("word", "hello", action="warn")])
        for number in range(2):
            await one.walk(execution(number))
        traces = [row[0] for row in one.book.closed]
    assert [(trace.outcome, [mark.stage for mark in trace.marks]) for trace in traces] == [
        ("guarded", ["lane", "guard", "send", "commit", "receipt"]),
        ("guarded", ["lane", "guard"]),
    ]


async def test_what_the_worker_does_not_want_ends_at_once() -> None:
    async with line() as one:
        one.worker.wanted = False
        assert not one.pipeline.begin(execution())
        trace = one.book.closed[0][0]
    assert (trace.outcome, trace.plugin) == ("ignored", "")
    assert [mark.stage for mark in trace.marks] == ["lane", "guard", "route"]


async def test_a_failed_handler_is_tried_again_later() -> None:
    async def handle(_: Execution) -> Handled:
        raise PluginError(plugin="p", reason="broken")

    async with line(handle) as one:
        await one.walk(execution())
        assert one.book.outcomes == ["retry"]
        assert one.book.closed[0][3] == one.clock.wall_ms() + 5_000
        assert len(one.retries) == 1


async def test_what_fails_while_the_store_is_away_is_no_try_and_nothing_overtakes_it() -> None:
    async def handle(_: Execution) -> Handled:
        raise PluginError(plugin="p", reason="a handler ran for more than 60 s")

    async with line(handle) as one:
        one.pipeline.away = lambda: True
        first = execution()
        await one.walk(first)
        assert one.book.outcomes == []
        assert one.retries.holds(first.event.session)


async def test_the_fifth_failure_is_the_last() -> None:
    async def handle(_: Execution) -> Handled:
        raise PluginError(plugin="p", reason="broken")

    async with line(handle) as one:
        await one.walk(execution(attempts=4))
        assert one.book.outcomes == ["dead"]
        assert len(one.retries) == 0


async def _rests(_: Execution) -> Handled:
    raise Parked(plugin="p", reason="it rests", seconds=30.0)


def waited(number: int) -> HubExecution:
    """An event that is taken up again, which is no try of its own."""
    return HubExecution(event(number), desk(), read_at=0.0, accepted_ms=1_000_000, resumed=True)


async def test_what_waits_for_a_plugin_is_not_limited_when_it_is_taken_up_again() -> None:
    async with line(_rests, LimitsConfig(user_per_minute=1, chat_per_minute=1)) as one:
        for number in range(3):
            await one.walk(waited(number))
        assert one.book.outcomes == ["parked"] * 3
        assert len(one.retries) == 3


async def test_what_waited_for_too_long_is_dead_together_with_its_answers_and_told() -> None:
    async with line(_rests) as one:
        each, answer = execution(1), execution(2, "yes")
        each.consumed(answer)
        one.clock.now += 2 * 86_400
        await one.walk(each)
        assert [(row[0].execution, row[0].outcome) for row in one.book.closed] == [
            ("execution-1", "dead"),
            ("execution-2", "answer"),
        ]
        assert [notice.kind for notice in one.board.notices()] == ["dead_letter"]
        assert len(one.retries) == 0


async def test_what_waits_takes_its_answers_along() -> None:
    taken: list[Open] = []
    async with line(_rests) as one:
        each = execution(1)
        each.accepted_ms = one.clock.wall_ms()
        each.consumed(execution(2, "yes"))
        await one.walk(each)
        taken += one.retries.due(one.clock.now + 31)
    assert [(found.event.execution, found.attempts) for found in taken] == [("execution-1", 0), ("execution-2", 0)]


async def test_a_question_that_waits_for_the_next_start_may_be_days_old() -> None:
    async def suspended(_: Execution) -> Handled:
        raise Parked(plugin="p", reason="a question waits", seconds=0.0)

    async with line(suspended) as one:
        one.clock.now += 2 * 86_400
        await one.walk(execution(1))
        assert one.book.outcomes == ["parked"]


async def test_what_is_led_on_to_another_process_is_not_over() -> None:
    class Elsewhere(Hand):
        async def handle(self, execution: Execution) -> Handled:
            await super().handle(execution)
            return MOVED

    async with line() as house:
        house.workers.attach(hand := Elsewhere("app"))
        house.rules(Rule("*", "app"))
        await house.walk(execution())
        assert (len(hand.heard), house.book.closed) == (1, [])


async def test_what_cannot_be_led_on_as_the_store_is_away_is_held_and_nothing_is_written_of_it() -> None:
    async with line() as house:
        house.workers.attach(hand := Hand("app"))
        hand.fails = StoreClosed(reason="away")
        house.rules(Rule("*", "app"))
        await house.walk(each := execution())
        assert (each.attempts, each.holds, house.book.closed) == (0, 1, [])
        assert house.retries.holds(each.event.session)
