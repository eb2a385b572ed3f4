from __future__ import annotations

import pytest

from kagami.tui import figures


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.04, "0.0"),
        (0.4, "0.4"),
        (9.94, "9.9"),
        (9.96, "10"),
        (412, "412"),
        (1_234, "1.2k"),
        (56_789, "57k"),
    ],
)
def test_rates_are_short(value: float, text: str) -> None:
    assert figures.rate(value) == text


@pytest.mark.parametrize("value", [0, 0.01, 1, 99.5, 999.4, 999.6, 99_999, 999_499, 10_000_000, 1e11])
def test_a_rate_never_needs_more_than_five_cells(value: float) -> None:
    assert len(figures.rate(value)) <= 5


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0B"), (812, "812B"), (1_024, "1.0K"), (432_013_312, "412M"), (2 << 30, "2.0G"), (999 << 40, "999T")],
)
def test_sizes_are_short(value: int, text: str) -> None:
    assert figures.size(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "-"), (-1, "-"), (0.42, "0.4ms"), (45.4, "45ms"), (999.4, "999ms"), (1_900, "1.9s"), (12_300, "12s")],
)
def test_milliseconds_become_seconds_when_they_are_many(value: float, text: str) -> None:
    assert figures.ms(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0s"), (12.9, "12s"), (250, "4m10s"), (7_500, "2h05m"), (533_000, "6d04h")],
)
def test_spans_name_two_units(seconds: float, text: str) -> None:
    assert figures.span(seconds) == text


def test_numbers_are_grouped_by_spaces() -> None:
    assert figures.count(1_204_998) == "1 204 998"


def test_times_are_local() -> None:
    assert figures.clock(1_763_768_467_114) == "23:41:07"
    assert figures.clock_ms(1_763_768_467_114) == "23:41:07.114"
    assert figures.moment(1_763_768_467_114) == "11-21 23:41:07"


@pytest.mark.parametrize(("seconds", "text"), [(9, "9s"), (240, "4m"), (7_300, "2h"), (533_000, "6d")])
def test_an_age_is_one_unit(seconds: float, text: str) -> None:
    assert figures.age(seconds) == text


@pytest.mark.parametrize(("microseconds", "text"), [(310, "0.31"), (45_100, "45.1"), (1_204_000, "1204")])
def test_microseconds_are_shown_in_milliseconds(microseconds: int, text: str) -> None:
    assert figures.micros(microseconds) == text
