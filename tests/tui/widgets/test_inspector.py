from __future__ import annotations

from kagami.tui.looks import looks
from kagami.tui.widgets.inspector import inspect_line, plain_line
from tests.tui.world import ERROR, line

LOOKS = looks("full", "night")
LINE = line(
    1, "boom\x1b]2;x\x07", level=ERROR, source="weather", plugin="weather@1", execution="0193", traceback="a:\n\tb"
)


def plain(width: int = 60) -> list[str]:
    return ["".join(span.text for span in row).rstrip() for row in inspect_line(LINE, width, LOOKS, str)]


def test_it_shows_text_level_source_and_every_field() -> None:
    rows = plain()
    assert rows[0] == " boom␛]2;x␇"
    for expected in (" level     error", " source    weather", " plugin    weather@1", " execution 0193"):
        assert expected in rows


def test_the_traceback_keeps_its_lines() -> None:
    assert plain()[-2:] == [" a:", "     b"]


def test_a_line_of_a_message_says_how_to_reach_its_trace() -> None:
    assert " o opens the trace of this message" in plain()


def test_what_is_copied_cannot_steer_a_shell() -> None:
    text = plain_line(LINE)
    assert text == "23:41:07.010 error weather: boom␛]2;x␇ plugin=weather@1 execution=0193\na:\n    b"
