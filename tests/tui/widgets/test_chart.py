from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.tui.widgets.chart import chart, spark

values = st.lists(st.floats(0, 1e9), max_size=60)


@given(values, st.integers(1, 30), st.integers(1, 5), st.booleans())
def test_a_chart_has_exactly_its_rows_and_cells(given: list[float], width: int, height: int, braille: bool) -> None:
    rows = chart(given, width, height, braille=braille)
    assert [len(row) for row in rows] == [width] * height


def test_the_newest_value_is_at_the_right() -> None:
    assert spark([0, 0, 0, 4], 4, braille=False) == "   #"


def test_braille_holds_two_samples_of_four_steps_in_a_cell() -> None:
    assert spark([1, 4], 1, braille=True) == chr(0x2800 + 0x40 + 0xB8)


def test_a_small_value_is_never_shown_as_nothing() -> None:
    assert spark([0.001, 100], 2, braille=False)[0] != " "


def test_no_values_are_an_empty_chart() -> None:
    assert chart([], 3, 2, braille=True) == ["\u2800" * 3] * 2


def test_the_top_may_be_given() -> None:
    assert spark([50], 1, braille=False, top=100.0) == "="


def test_higher_rows_hold_what_is_above() -> None:
    assert chart([7, 14], 2, 2, braille=False) == [" #", "##"]


@pytest.mark.parametrize(("width", "height"), [(0, 3), (-2, 1), (5, 0)])
def test_no_room_is_no_chart(width: int, height: int) -> None:
    assert "".join(chart([1.0, 2.0], width, height, braille=True)) == ""
