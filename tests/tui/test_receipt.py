from __future__ import annotations

from collections.abc import Sequence

from kagami.model.trace import Mark
from kagami.operations.traces import Traced
from kagami.tui.looks import looks
from kagami.tui.receipt import receipt_lines, send_lines, stage_text
from kagami.tui.stages import legs
from kagami.tui.widgets.painted import Line
from tests.tui.world import message_row, trace_of

LOOKS = looks("full", "night")


def plain(lines: Sequence[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def test_it_says_the_outcome_what_it_means_and_the_error() -> None:
    one = Traced(trace_of(1, "/song", "dead", error="TimeoutError: 800 ms"), [])
    rows = plain(receipt_lines(one, 70, LOOKS, str))
    assert rows[0] == " ✗ dead  weather@1.4.0"
    assert rows[2].startswith(" The handler failed too often")
    assert " TimeoutError: 800 ms" in rows


def test_every_send_says_what_became_of_it() -> None:
    sends = [
        message_row(1, "out", "hello", message_id="8812"),
        message_row(2, "out", "again", outcome="unknown", reason="no answer within 10 s"),
    ]
    rows = plain(receipt_lines(Traced(trace_of(1, "x"), sends), 60, LOOKS, str))
    start = rows.index(" sends 2")
    assert rows[start + 1 : start + 6] == [
        " ✓ sent → group:123456  8812",
        "   hello",
        " ! unknown → group:123456",
        "   no answer within 10 s",
        "   again",
    ]


def test_the_whole_id_can_be_read() -> None:
    one = Traced(trace_of(1, "x"), [])
    assert one.trace.execution in "".join(
        row.removeprefix(" id").strip() for row in plain(receipt_lines(one, 30, LOOKS, str))
    )


def test_a_stage_is_explained_to_the_microsecond() -> None:
    leg = legs(trace_of(1, "x"))[3]
    assert plain(stage_text(leg, 70, LOOKS, str)) == [
        " route 240 → 310 µs",
        " It was decided who handles it.",
        " rule 4 'weather'",
        "",
    ]


def test_no_row_is_wider_than_its_page() -> None:
    row = message_row(1, "out", "字" * 500, outcome="failed", reason="x" * 500)
    for line in send_lines(row, 30, LOOKS, str)[1:]:
        assert sum(len(span.text.encode("gb18030")) for span in line) <= 30


def test_it_says_why_a_version_was_chosen() -> None:
    marks = (Mark("route", 3, "no rules"), Mark("plugin", 5, "weather@1.4.0: canary 12.50 < 25"))
    rows = plain(receipt_lines(Traced(trace_of(1, "x", marks=marks), []), 90, LOOKS, str))
    assert " why this version: weather@1.4.0: canary 12.50 < 25" in rows
