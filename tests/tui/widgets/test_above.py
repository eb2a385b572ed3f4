from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from kagami.tui.widgets.above import undivided
from tests.tui.pilot import on_screen, press, run_console, settled

TEXTS = st.text(st.sampled_from("ab 机器人，"), max_size=30)
CUTS = st.sets(st.integers(0, 60), max_size=4)


def row(text: str) -> Strip:
    """With room for a space before each character."""
    return Strip([Segment(text, Style(bold=True))]).adjust_cell_length(80)


def said(strip: Strip) -> str:
    return strip.text.replace(" ", "")


@given(TEXTS, CUTS)
def test_no_character_is_lost_between_the_cuts(text: str, cuts: set[int]) -> None:
    strip = undivided(row(text), cuts)
    pieces = strip.divide([*sorted(each for each in cuts if each), 80])
    assert "".join(map(said, pieces)) == said(row(text))


@given(TEXTS, CUTS)
def test_a_row_stays_as_long_as_it_was(text: str, cuts: set[int]) -> None:
    assert undivided(row(text), cuts).cell_length == 80


def test_a_row_that_is_cut_beside_its_characters_stays() -> None:
    assert undivided(row("机器"), {0, 2, 4}) == row("机器")


def test_what_stands_behind_a_gap_stays_in_its_place() -> None:
    strip = Strip([Segment("机器人   |")])
    assert undivided(strip, {1}).text == " 机器人  |"


@pytest.mark.parametrize("width", range(100, 160, 7))
async def test_words_in_chinese_are_whole_above_panes(width: int) -> None:
    words = "这个方向没有更多位置了而且这里的文字都是双宽字符一个也不能少"
    async with run_console(size=(width, 40), language="zh") as (console, pilot):
        await press(console, pilot, "2")
        console.say(words)
        await settled(console, pilot)
        shown = "".join(line.text.replace(" ", "") for line in console.screen._compositor.render_strips())
        assert words[:20] in shown
        assert on_screen(console, words[-1])
