from __future__ import annotations

from typing import Any

import pytest

from kagami.core.qr import Shape
from kagami.ports import LoginStep
from kagami.ports.login import StepKind
from kagami.tui.login_view import LoginView
from kagami.tui.widgets.painted import Line, Painted
from tests.operations.logins import LINK
from tests.tui.engine import NOW_MS, FixedClock
from tests.tui.stand import Stand


@pytest.fixture
def stand() -> Stand:
    return Stand(Painted, "full")


def view(stand: Stand, kind: StepKind, text: str = "Scan it.", **more: Any) -> LoginView:
    made = LoginView(stand, ())
    made.take(LoginStep(number=2, kind=kind, text=text, **more))
    return made


def text(lines: list[Line]) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)


def test_before_the_first_step_one_waits(stand: Stand) -> None:
    assert "One moment" in text(LoginView(stand, ()).lines(80, 22))


@pytest.mark.parametrize(("height", "rows"), [(22, 21), (20, 19), (18, 18)])
def test_a_code_takes_as_wide_an_edge_as_there_is(stand: Stand, height: int, rows: int) -> None:
    found = text(view(stand, "qr", qr=LINK).lines(80, height)).split("\n")
    assert len(found) == height
    assert sum("█" in row for row in found) == rows


def test_the_words_stay_when_there_is_no_room(stand: Stand) -> None:
    shown = text(view(stand, "qr", qr=LINK).lines(60, 14))
    assert "█" not in shown
    assert "window of 67×20 cells" in shown
    assert "alone, by z, it needs 35×18" in shown


def test_time_runs_out(stand: Stand) -> None:
    clock = FixedClock()
    stand.clock = clock
    made = view(stand, "qr", qr=LINK, until_ms=NOW_MS + 100_000)
    assert "ends in 01:40 ▓▓▓▓▓▓▓▓▓▓" in text(made.lines(80, 22))
    clock.now += 50
    assert "ends in 00:50 ▓▓▓▓▓░░░░░" in text(made.lines(80, 22))
    clock.now += 51
    assert "it has run out" in text(made.lines(80, 22))


def test_alone_it_fills_the_screen_with_light(stand: Stand) -> None:
    made = view(stand, "qr", qr=LINK)
    made.alone = True
    rows = text(made.lines(80, 24)).split("\n")
    assert {len(row) for row in rows} == {80}
    assert rows[0] == "█" * 80
    made.shape = Shape(inverted=True)
    assert text(made.lines(80, 24)).split("\n")[0] == " " * 80


def test_a_text_with_odd_fields_is_shown_as_it_is(stand: Stand) -> None:
    assert "{who} is here" in text(view(stand, "done", "{who} is here").lines(80, 22))


def test_a_text_that_no_code_holds_can_still_be_copied(stand: Stand) -> None:
    assert "too long to be drawn" in text(view(stand, "qr", qr="x" * 3_000).lines(80, 22))


def test_one_thing_after_the_other_is_asked(stand: Stand) -> None:
    made = view(stand, "ask", asks=("uin", "sms\x1b[2J"), secret=("uin",))
    assert made.asked == "uin"
    made.words["uin"] = "geheim"
    shown = text(made.lines(80, 22))
    assert "QQ number: ******" in shown
    assert "geheim" not in shown
    assert made.asked == "sms\x1b[2J"
    assert "\x1b" not in shown
