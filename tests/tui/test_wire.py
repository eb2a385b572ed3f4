from __future__ import annotations

import re
from typing import Any

import pyte
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from kagami.tui.line import Line
from kagami.tui.wire import PLAIN, Style, Wire, change, style_of
from tests.tui.pilot import until
from tests.tui.test_browser import console
from tests.tui.world import busy_world

WIDTH, HEIGHT = 20, 5
# Of even widths and at even columns, so that no half of a wide character is written over: Textual never does that.
TEXTS = (
    " " * 14,
    "ab",
    "hello.",
    "你好",
    "xy你",
    "你xy",
    "12345678901234567890",
    "  ",
    "é.",
    "e\u0301e",
    "─│",
    "▓▓░░",
    "      ",
)
STYLES = ("", "1", "1;31", "2;48;2;1;2;3", "38;5;9;48;5;17", "4;97;100", "38;2;9;8;7;7", "3;9;53", "1;2", "2;21")


def seen(cell: Any) -> object:
    """What of a cell can be seen: the foreground of a blank cannot, unless a line is drawn in it."""
    lines = (cell.underscore, cell.strikethrough, cell.reverse)
    return (cell.bg, lines, cell.fg if any(lines) else "") if cell.data == " " else cell


class Terminal:
    """What a terminal shows of what it is sent."""

    def __init__(self, width: int = WIDTH, height: int = HEIGHT) -> None:
        self.screen = pyte.Screen(width, height)
        self.stream = pyte.Stream(self.screen)

    def hear(self, output: str) -> None:
        self.stream.feed(output)

    @property
    def cells(self) -> list[list[object]]:
        buffer = self.screen.buffer
        return [[seen(buffer[y][x]) for x in range(self.screen.columns)] for y in range(self.screen.lines)]

    @property
    def caret(self) -> tuple[int, int]:
        return self.screen.cursor.y, self.screen.cursor.x

    @property
    def text(self) -> list[str]:
        return [line.rstrip() for line in self.screen.display]


def at(row: int, column: int, text: str, style: str = "") -> str:
    """As Textual draws a piece: a move, the whole style, the text, a reset."""
    dressed = f"\x1b[{style}m{text}\x1b[0m" if style else text
    return f"\x1b[{row + 1};{column + 1}H{dressed}"


pieces = st.tuples(
    st.integers(0, HEIGHT - 1),
    st.integers(0, WIDTH // 2 - 1).map(lambda place: place * 2),
    st.sampled_from(TEXTS),
    st.sampled_from(STYLES),
).filter(lambda piece: piece[1] + sum(2 if each >= "\u4e00" else 1 for each in piece[2]) <= WIDTH)
frames = st.lists(st.lists(pieces, min_size=1, max_size=8), min_size=1, max_size=8)


def drawn(frame: list[tuple[int, int, str, str]]) -> str:
    """A frame; the caret goes where Textual puts it, at its end."""
    return "".join(at(*piece) for piece in frame) + "\x1b[1;1H"


@given(frames)
def test_the_terminal_shows_what_it_would_have_shown(story: list[list[tuple[int, int, str, str]]]) -> None:
    stock, thin, wire = Terminal(), Terminal(), Wire(WIDTH, HEIGHT)
    for frame in story:
        stock.hear(drawn(frame))
        wire.feed(drawn(frame))
        thin.hear(wire.take())
        assert thin.cells == stock.cells
        assert thin.caret == stock.caret


@given(frames)
def test_frames_that_were_not_sent_are_made_up_for(story: list[list[tuple[int, int, str, str]]]) -> None:
    stock, thin, wire = Terminal(), Terminal(), Wire(WIDTH, HEIGHT)
    for frame in story:
        stock.hear(drawn(frame))
        wire.feed(drawn(frame))
    thin.hear(wire.take())
    assert thin.cells == stock.cells


def fed(*outputs: str) -> Wire:
    wire = Wire(WIDTH, HEIGHT)
    for output in outputs:
        wire.feed(output)
        wire.take()
    return wire


def test_what_is_drawn_again_as_it_was_costs_nothing() -> None:
    wire = fed(at(0, 0, "hello", "1"))
    wire.feed(at(0, 0, "hello", "1") + "\x1b[1;6H")
    assert wire.take() == ""


def test_one_changed_cell_costs_a_few_bytes() -> None:
    wire = fed(at(2, 3, "12345", "38;2;1;2;3;48;2;4;5;6"))
    wire.feed(at(2, 3, "12945", "38;2;1;2;3;48;2;4;5;6"))
    assert wire.take() == "\x1b[3;6H\x1b[48;2;4;5;6m9\x1b[3;9H"


def test_a_short_gap_is_written_over() -> None:
    wire = fed(at(0, 0, "abcdefgh", "1"))
    wire.feed(at(0, 0, "XbcXefgX", "1"))
    assert wire.take() == "\x1b[1HXbcXefgX"


def test_long_blanks_are_erased_where_the_terminal_can() -> None:
    wire, plain = (Wire(WIDTH, 1, erases=erases) for erases in (True, False))
    for each in (wire, plain):
        each.feed(at(0, 0, "a" + " " * 18 + "b", "48;2;1;2;3"))
    assert wire.take() == "\x1b[1H\x1b[0;48;2;1;2;3ma\x1b[18X\x1b[18Cb\x1b[1;20H"
    assert plain.take() == "\x1b[1H\x1b[0;48;2;1;2;3ma" + " " * 18 + "b\x1b[1;20H"


def test_other_sequences_go_through_once_and_first() -> None:
    wire = Wire(WIDTH, HEIGHT)
    wire.feed(at(0, 0, "x") + "\x1b[?25l\x1b]52;c;aGk=\x07")
    assert wire.take_passed() == "\x1b[?25l\x1b]52;c;aGk=\x07"
    assert wire.take_passed() == ""


def test_the_title_comes_after_what_it_speaks_of() -> None:
    wire = Wire(WIDTH, HEIGHT)
    wire.feed("\x1b]2;idle\x07" + at(0, 0, "x"))
    assert wire.take_passed() == ""
    assert wire.take().endswith("\x1b]2;idle\x07")
    assert not wire.dirty


def test_marks_of_synchronized_output_are_left_out() -> None:
    wire = Wire(WIDTH, HEIGHT)
    wire.feed("\x1b[?2026h\x1b[?2026l")
    assert not wire.dirty


@pytest.mark.parametrize("clears", ["\x1b[2J", "\x1b[?1049h", "\x1b[?1049l"])
def test_a_cleared_terminal_is_drawn_anew(clears: str) -> None:
    thin, wire = Terminal(), fed(at(0, 0, "hello"))
    wire.feed(clears + at(0, 0, "hello"))
    thin.hear(wire.take())
    assert thin.text[0] == "hello"


def test_another_size_is_drawn_anew() -> None:
    wire = fed(at(0, 0, "hello"))
    wire.resize(10, 3)
    thin = Terminal(10, 3)
    wire.feed(at(0, 0, "hello") + at(4, 0, "below"))
    thin.hear(wire.take())
    assert thin.text == ["hello", "", ""]


def test_what_is_forgotten_is_sent_again() -> None:
    thin, wire = Terminal(), fed(at(1, 1, "你好", "1"))
    wire.forget()
    thin.hear(wire.take())
    assert thin.text[1] == " 你好"


@pytest.mark.parametrize(
    ("parameters", "style"),
    [
        ("", ("", "", frozenset())),
        ("1;4;31;42", ("31", "42", frozenset({"1", "4"}))),
        ("38;2;1;2;3;48;5;7", ("38;2;1;2;3", "48;5;7", frozenset())),
        ("97;103", ("97", "103", frozenset())),
        ("31;0;1", ("", "", frozenset({"1"}))),
        ("31;39;41;49", ("", "", frozenset())),
    ],
)
def test_styles_are_read(parameters: str, style: tuple[str, str, frozenset[str]]) -> None:
    assert style_of(parameters) == Style(style)


@pytest.mark.parametrize(
    ("old", "new", "sequence"),
    [
        ("1", "1;31", "\x1b[31m"),
        ("1;31", "", "\x1b[m"),
        ("1;38;2;10;20;30;48;2;40;50;60", "38;2;10;20;30;48;2;40;50;60", "\x1b[22m"),
        ("1;2;38;2;10;20;30", "2;38;2;10;20;30", "\x1b[22;2m"),
        ("38;2;10;20;30", "38;2;10;20;31", "\x1b[38;2;10;20;31m"),
    ],
)
def test_the_shortest_change_of_style_is_sent(old: str, new: str, sequence: str) -> None:
    assert change(style_of(old), style_of(new)) == sequence


def test_an_unknown_style_is_set_as_a_whole() -> None:
    assert change(None, style_of("1;31")) == "\x1b[0;1;31m"
    assert change(None, PLAIN) == "\x1b[m"


class Strict:
    """A terminal that, like real ones, blanks the other half of a wide character when one half is written over."""

    def __init__(self, width: int, height: int) -> None:
        self.cells = [[" "] * width for _ in range(height)]
        self.row = self.column = 0

    def hear(self, output: str) -> None:
        for found in re.finditer(r"\x1b\[([0-9;]*)([HCXm])|([^\x1b])", output):
            numbers = [int(each or 1) for each in (found[1] or "1").split(";")]
            if found[3]:
                self._put(found[3])
            elif found[2] == "H":
                self.row, self.column = numbers[0] - 1, (numbers[1] if len(numbers) > 1 else 1) - 1
            elif found[2] == "C":
                self.column += numbers[0]
            elif found[2] == "X":
                for place in range(self.column, self.column + numbers[0]):
                    self._blank(place)

    def _put(self, character: str) -> None:
        width = cell_len(character)
        for place in range(self.column, self.column + width):
            self._blank(place)
        line = self.cells[self.row]
        line[self.column : self.column + width] = [character, ""][:width]
        self.column += width

    def _blank(self, place: int) -> None:
        line = self.cells[self.row]
        if not line[place]:
            line[place - 1] = " "
        elif place + 1 < len(line) and not line[place + 1]:
            line[place + 1] = " "
        line[place] = " "


anywhere = st.tuples(
    st.integers(0, 1), st.integers(0, WIDTH - 1), st.sampled_from((*TEXTS, "a", "你", "x", "好x")), st.just("")
).filter(lambda piece: piece[1] + cell_len(piece[2]) <= WIDTH and "\u0301" not in piece[2])


@given(st.lists(st.lists(anywhere, min_size=1, max_size=6), min_size=1, max_size=8))
def test_wide_characters_survive_what_is_drawn_over_their_halves(story: list[list[tuple[int, int, str, str]]]) -> None:
    stock, thin, wire = Strict(WIDTH, 2), Strict(WIDTH, 2), Wire(WIDTH, 2)
    for frame in story:
        stock.hear(drawn(frame))
        wire.feed(drawn(frame))
        thin.hear(wire.take())
        assert thin.cells == stock.cells


async def test_a_tour_costs_a_fifth_of_what_textual_writes_and_shows_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    size, written = (100, 30), list[str]()
    put = Line.put

    def note(line: Line, text: str) -> None:
        written.append(text)
        put(line, text)

    monkeypatch.setattr(Line, "put", note)
    async with console(control=busy_world(), size=size) as (opened, _):
        assert opened.driver is not None
        for key in "2jj3kkk4jj6jj7jj3g6k1":
            opened.driver.feed(key)
            await opened.animator.wait_until_complete()
            await until(lambda: opened.idle)
    stock, thin, wire, sent = Terminal(*size), Terminal(*size), Wire(*size), 0
    for piece in written:
        plain = piece.replace("\x1b[?2026$p", "")
        stock.hear(plain)
        wire.feed(plain)
        changes = wire.take_passed() + wire.take()
        thin.hear(changes)
        sent += len(changes)
        assert thin.cells == stock.cells
    assert sent <= sum(map(len, written)) * 0.2
