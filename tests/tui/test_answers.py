from __future__ import annotations

import pytest
from textual._xterm_parser import XTermParser

from kagami.tui.answers import REST_S, Answers

KEYS = [
    b"q",
    b"\x1b",
    b"\x1b[A",
    b"\x1b[1;5C",
    b"\x1b[c",
    b"\x1b[15~",
    b"\x1b[97;5u",
    b"\x1bOP",
    b"\x1bp",
    b"\x1bP",
    b"\x1b]",
    b"\x1b[<0;10;10M",
    b"\x1b[I",
    b"\x1b[200~a\x1b[201~",
    "字".encode(),
]
KNOWN = [b"\x1b[5;1R", b"\x1b[?2026;2$y", b"\x1b[?2048;0$y", b"\x1b[48;30;100;600;1000t"]


@pytest.mark.parametrize("raw", KEYS + KNOWN)
def test_keys_and_what_was_asked_for_stay(raw: bytes) -> None:
    assert Answers().typed(raw, 1.0) == raw


@pytest.mark.parametrize(
    "report",
    [
        b"\x1b[3n",
        b"\x1b[?62;1;6c",
        b"\x1b[>41;354;0c",
        b"\x1b[?12;40;1R",
        b"\x1b[8;30;100t",
        b"\x1b[?1u",
        b"\x1b[?1049;1$y",
        b"\x1b]52;c;cW94eQ==\x1b\\",
        b"\x1b]lq\x1b\\",
        b"\x1b]11;rgb:1e1e/1e1e/2e2e\x07",
        b"\x1bP>|xterm(380)\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
    ],
)
def test_reports_go_and_what_is_typed_around_them_stays(report: bytes) -> None:
    assert Answers().typed(b"a" + report + b"b", 1.0) == b"ab"
    assert list(XTermParser().feed(Answers().typed(report, 1.0).decode())) == []


def test_a_report_may_come_in_pieces() -> None:
    answers = Answers()
    assert answers.typed(b"a\x1b]52;c;cW", 1.0) == b"a"
    assert answers.typed(b"94eQ", 1.1) == b""
    assert answers.typed(b"==\x1b\\b", 1.2) == b"b"


def test_a_report_may_be_cut_in_its_end() -> None:
    answers = Answers()
    assert answers.typed(b"\x1b]52;c;cW\x1b", 1.0) == b""
    assert answers.typed(b"\\q", 1.1) == b"q"


def test_what_never_ends_swallows_no_more_than_a_moment() -> None:
    answers = Answers()
    assert answers.typed(b"\x1b]52;c;cW", 1.0) == b""
    assert answers.typed(b"q", 1.0 + REST_S) == b"q"
