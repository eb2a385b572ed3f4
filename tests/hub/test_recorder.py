from __future__ import annotations

from kagami.hub.board import Board
from kagami.hub.config import HubConfig
from kagami.hub.recorder import ERROR_KEPT, FRAME_KEPT, TEXT_KEPT, Recorder, own_us, shown_text
from kagami.hub.registry import BotRegistry
from kagami.meters import Meters
from kagami.model.ids import ChatId, ExecutionId, UserId
from kagami.model.trace import Mark, Trace
from kagami.ports import StorePut
from tests.hub.doubles import QQ, Book, StillClock, event, execution


class Office:
    def __init__(self, config: HubConfig | None = None) -> None:
        self.book, self.clock, self.meters, self.bots = Book(), StillClock(), Meters(), BotRegistry()
        self.board = Board(self.clock, self.meters, self.bots, load=lambda: (0.0, 0, 0), log_seq=lambda: 0)
        self.recorder = Recorder(
            self.book, self.bots, self.board, config=config or HubConfig(), clock=self.clock, meters=self.meters
        )


async def test_effects_and_answers_are_closed_with_their_event() -> None:
    office, one, answer = Office(), execution(1), execution(2, "yes")
    one.stage(StorePut("p", "k", "1"))
    one.consumed(answer)
    office.recorder.finish(one, "handled", "p@1")
    trace, effects, answers, _ = office.book.closed[0]
    assert (trace.outcome, trace.plugin, effects) == ("handled", "p@1", (StorePut("p", "k", "1"),))
    assert [(each.execution, each.outcome) for each in answers] == [("execution-2", "answer")]


async def test_effects_of_a_dead_event_are_dropped() -> None:
    office, one = Office(), execution(attempts=4)
    one.stage(StorePut("p", "k", "1"))
    assert office.recorder.fail(one, ValueError("no")) == 0
    assert office.book.closed[0][0].outcome == "dead"
    assert office.book.closed[0][1] == ()


async def test_a_failed_try_is_due_again_later_and_later() -> None:
    office = Office()
    now = office.clock.wall_ms()
    waits = [office.recorder.fail(execution(attempts=tried), ValueError("no")) - now for tried in range(4)]
    assert waits == [5_000, 20_000, 75_000, 200_000]
    assert office.book.outcomes == ["retry"] * 4


async def test_a_dead_letter_is_told_to_people() -> None:
    office = Office()
    office.recorder.fail(execution(attempts=4), ValueError("no"))
    notice = office.board.notices()[0]
    assert (notice.kind, notice.fields["error"]) == ("dead_letter", "ValueError: no")


async def test_a_bad_frame_is_kept_in_part_and_counted() -> None:
    office = Office()
    office.recorder.complain(ExecutionId("x"), QQ, "not JSON", b"\xff" * 5_000)
    trace = office.book.recorded[0]
    assert (trace.outcome, trace.error, len(trace.text)) == ("bad_frame", "not JSON", FRAME_KEPT)
    assert office.meters.count["bad_frames", QQ] == 1


async def test_only_handled_events_count_for_latency() -> None:
    office = Office()
    office.recorder.finish(execution(1), "handled", "p@1")
    office.recorder.finish(execution(2), "ignored")
    assert office.meters.latency["event"].count == 1
    assert (office.meters.count["events", "handled"], office.meters.count["events", "ignored"]) == (1, 1)


def test_a_notice_shows_what_happened_and_a_message_its_beginning() -> None:
    assert shown_text(event(kind="notice")) == "group_increase"
    assert shown_text(event(words="x" * 500)) == "x" * TEXT_KEPT


async def test_the_answers_of_a_dead_event_are_closed_too() -> None:
    office, one = Office(), execution(1, attempts=4)
    one.consumed(execution(2, "yes"))
    office.recorder.fail(one, ValueError("no"))
    assert [(row[0].execution, row[0].outcome) for row in office.book.closed] == [
        ("execution-1", "dead"),
        ("execution-2", "answer"),
    ]


async def test_of_a_long_error_the_beginning_is_kept() -> None:
    office, one = Office(), execution()
    office.recorder.fail(one, ValueError("x" * 100_000))
    assert len(office.book.closed[0][0].error) == ERROR_KEPT


async def test_without_pauses_the_next_try_is_due_at_once() -> None:
    office = Office(HubConfig(retry_after=()))
    assert office.recorder.fail(execution(), ValueError("no")) == office.clock.wall_ms()


def test_the_time_in_which_people_were_asked_is_not_ours() -> None:
    marks = (Mark("route", 10), Mark("ask", 30), Mark("answer", 9_000_030), Mark("send", 9_000_040))
    trace = Trace(ExecutionId("x"), QQ, ChatId("c"), UserId("u"), 0, 9_000_100, "handled", marks)
    assert own_us(trace) == 100


async def test_what_others_wrote_about_a_command_that_came_too_late_is_kept() -> None:
    office, one = Office(), execution(1)
    one.stage(StorePut("p", "k", "1"))
    office.recorder.finish(one, "late", "q@1")
    assert office.book.closed[0][1] == (StorePut("p", "k", "1"),)
