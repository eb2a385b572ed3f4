from __future__ import annotations

from kagami.tui.pacing import HOPE_S, MOST_SILENT, PATIENCE_S, Pacer, without_answers


def test_the_first_frame_goes_at_once() -> None:
    assert Pacer().wait_s(5.0) == 0


def test_the_next_one_waits_for_the_answer() -> None:
    pacer = Pacer()
    pacer.sent(1.0)
    assert pacer.wait_s(1.1) > 0
    pacer.answered(1.12)
    assert pacer.wait_s(1.12) == 0


def test_the_time_of_the_answer_is_the_line_s() -> None:
    pacer = Pacer()
    pacer.sent(1.0)
    pacer.answered(1.25)
    assert pacer.rtt_s == 0.25
    pacer.sent(2.0)
    pacer.answered(2.05)
    assert 0.05 < pacer.rtt_s < 0.25


def test_an_answer_that_does_not_come_is_not_waited_for() -> None:
    pacer = Pacer()
    pacer.sent(1.0)
    pacer.answered(1.1)
    pacer.sent(2.0)
    assert pacer.wait_s(2.0 + HOPE_S) > 0
    assert pacer.wait_s(2.0 + PATIENCE_S) == 0


def test_the_first_picture_does_not_wait_long_for_a_terminal_that_may_never_answer() -> None:
    pacer = Pacer()
    pacer.sent(1.0)
    assert pacer.wait_s(1.0 + HOPE_S) == 0


def test_a_terminal_that_never_answers_is_not_asked_any_more() -> None:
    pacer = Pacer()
    for second in range(1, MOST_SILENT + 2):
        assert pacer.asks
        pacer.sent(float(second * 2))
    assert not pacer.asks
    assert pacer.wait_s(100.0) == 0


def test_one_that_has_answered_before_is_only_slow() -> None:
    pacer = Pacer()
    pacer.sent(1.0)
    pacer.answered(1.1)
    for second in range(2, 20):
        pacer.sent(float(second * 2))
    assert pacer.asks


def test_an_answer_that_nobody_asked_for_is_nothing() -> None:
    pacer = Pacer()
    pacer.answered(3.0)
    assert pacer.rtt_s == 0


def test_answers_are_taken_out_of_what_was_typed() -> None:
    assert without_answers(b"ab\x1b[0nc") == (b"abc", True)
    assert without_answers(b"\x1b[A") == (b"\x1b[A", False)
