from __future__ import annotations

from textual.widget import Widget

from kagami.i18n import translator
from kagami.model.trace import Outcome
from kagami.tui.trace_rows import near_row, search_words, spell, trace_row, wanted
from tests.tui.stand import Stand
from tests.tui.world import execution, trace_of


def shell() -> Stand:
    return Stand(lambda _: Widget(), "full")


def test_a_search_line_becomes_what_the_engine_is_asked_for() -> None:
    given = wanted("chat:7 user:42 bot:qq:1 plugin:echo outcome:dead >50ms 天气", "handled", 0, str)
    assert given == {
        "chat": "7", "user": "42", "bot": "qq:1", "plugin": "echo", "execution": "", "outcome": "dead",
        "slower_us": 50_000, "text": "天气",
    }  # fmt: skip


def test_what_looks_like_an_id_is_one_and_the_other_filters_stay() -> None:
    short = execution(7)[-8:]
    assert wanted(short, "dead", 9, str) == {"execution": short, "outcome": "dead", "slower_us": 9}
    assert wanted("12345678", "", 0, str)["text"] == "12345678"
    assert wanted("id:12345678", "", 0, str)["execution"] == "12345678"


def test_outcomes_may_be_written_as_they_are_shown() -> None:
    chinese = translator("zh")
    assert wanted(f"outcome:{chinese('dead')}", "", 0, chinese)["outcome"] == "dead"


def test_a_line_is_spelled_so_that_it_can_be_read_again() -> None:
    assert spell("chat:7 x", "dead", 50_000) == "chat:7 x outcome:dead >50ms"
    assert spell("", "", 0) == ""


def test_failed_and_slow_ones_say_so_with_a_word() -> None:
    row = trace_row(shell(), trace_of(1, "/song", "dead", error="TimeoutError", total_us=2_000_000))
    assert [(row.cells[place].text, row.cells[place].role) for place in (1, 3, 8)] == [
        ("✗ dead", "bad"),
        ("slow", "warn"),
        ("TimeoutError  /song", "bad"),
    ]
    assert near_row(shell(), trace_of(1, "hello")).cells[2].text == "hello"


def test_what_is_shown_can_be_completed() -> None:
    assert {"chat:", "outcome:dead", "chat:group:123456", "plugin:weather"} <= set(search_words([trace_of(1, "x")]))


def test_a_row_says_who_answered_outside_and_that_an_answer_failed() -> None:
    ends: list[tuple[Outcome, str, str]] = [
        ("answered", "", "nonebot"),
        ("unsent", "muted", ""),
        ("unsure", "cut", ""),
    ]
    told = [
        trace_row(shell(), trace_of(1, "/book", outcome, error=error, plugin="", worker=worker)).cells
        for outcome, error, worker in ends
    ]
    assert [(cells[1].text, cells[7].text, cells[8].text) for cells in told] == [
        ("✓ answered", "nonebot", "answered by worker nonebot  /book"),
        ("✗ not sent", "", "answer failed: muted  /book"),
        ("! unsure", "", "answer unsure: cut  /book"),
    ]
