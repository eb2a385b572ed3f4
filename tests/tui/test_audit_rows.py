from __future__ import annotations

from collections.abc import Sequence

import pytest

from kagami.core.chain import CHANGED, Verdict
from kagami.operations.audit import ListAudit
from kagami.ports import AuditRow
from kagami.tui.audit_rows import earlier, fields, record, result_text, verdict_words, wanted, who
from kagami.tui.looks import looks
from kagami.tui.widgets.painted import Line
from tests.tui.world import audit_row

LOOKS = looks("full", "night")
OLD = audit_row(3, "plugins.weigh", {"plugin": "weather", "weight": 10})
OTHER = audit_row(4, "plugins.weigh", {"plugin": "dice", "weight": 50})
FAILED = audit_row(5, "plugins.weigh", {"plugin": "weather", "weight": 99}, result="failed")
NOW = audit_row(6, "plugins.weigh", {"plugin": "weather", "weight": 25})


def plain(lines: Sequence[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


def test_a_search_line_names_who_what_and_how_it_went() -> None:
    assert wanted("who:person:ann operation:plugins. result:denied weather") == ListAudit(
        who="person:ann", operation="plugins.", result="denied", text="weather"
    )


def test_what_was_before_is_the_last_time_that_the_same_was_done_to_the_same_thing() -> None:
    rows = [NOW, FAILED, OTHER, OLD]
    assert earlier(NOW, rows) == OLD
    assert earlier(OLD, rows) is None
    shown = plain(record(NOW, OLD, 60, LOOKS, str))
    assert " weight        10 → 25" in shown
    assert " plugin        weather" in shown


def test_a_refusal_is_explained() -> None:
    row = audit_row(7, "settings.set", {"key": "x"}, result="refused: setting")
    shown = plain(record(row, None, 70, LOOKS, str))
    assert shown[0] == " ! refused  settings.set"
    assert " It was refused; nothing was changed. setting" in shown


def test_a_target_that_is_no_object_is_shown_as_it_is() -> None:
    assert fields(AuditRow(1, 1, "system", "system", "", "audit.cut", "plain", "ok")) == {"": "plain"}
    assert who(AuditRow(1, 1, "system", "system", "", "x", "", "ok")) == "system"


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (Verdict(ok=True, rows=1_318, anchors=2), "1 318 rows hold together, 2 signed anchors fit."),
        (Verdict(ok=False, row=17, why=CHANGED), f"Broken at row 17: {CHANGED}"),
        (Verdict(ok=False, anchor=9, why="x"), "The signed anchor of row 9 is broken: x"),
    ],
)
def test_a_verdict_is_a_sentence(verdict: Verdict, words: str) -> None:
    assert verdict_words(verdict, str) == words


@pytest.mark.parametrize(
    ("result", "told"),
    [("refused: NotFound", "REFUSED: NotFound"), ("failed", "FAILED"), ("of another version", "of another version")],
)
def test_a_result_in_a_sentence_is_said_and_which_refusal_it_was_stays(result: str, told: str) -> None:
    assert result_text(result, str.upper) == told
