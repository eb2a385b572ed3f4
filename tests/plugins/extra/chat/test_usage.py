from __future__ import annotations

import msgspec

from kagami.plugins.extra.chat.usage import (
    MOST_DAYS,
    MOST_MODELS,
    Tally,
    Tried,
    count,
    key_of,
    outdated,
    read_day,
    shown,
    total,
)

FINE = Tried("m", "h", fine=True, ms=1_500, prompt=10, completion=5)
FAILED = Tried("m", "h", fine=False, ms=60_000)


def test_calls_are_summed_by_model_and_host() -> None:
    day = count({"m @ h": Tally(1, 0, 1, 1, 500)}, [FINE, FAILED, Tried("m", "other", fine=True, ms=1)])
    assert day == {"m @ h": Tally(2, 1, 11, 6, 2_000), "m @ other": Tally(1, 0, 0, 0, 1)}


def test_a_day_holds_a_bounded_number_of_models() -> None:
    day = count({}, [Tried(f"m{number}", "h", fine=True, ms=1) for number in range(99)])
    assert len(day) == MOST_MODELS
    assert count(day, [Tried("m0", "h", fine=True, ms=1)])["m0 @ h"].calls == 2


def test_days_are_summed() -> None:
    assert total([{"m": Tally(1, 2, 3, 4, 5)}, {"m": Tally(1, 1, 1, 1, 1), "n": Tally(1)}]) == {
        "m": Tally(2, 3, 4, 5, 6),
        "n": Tally(1),
    }


def test_a_day_reads_as_it_was_written() -> None:
    day = count({}, [FINE])
    assert read_day(msgspec.json.decode(msgspec.json.encode(day))) == day


def test_what_does_not_read_counts_as_no_day() -> None:
    assert read_day("nonsense") == read_day(None) == {}


def test_the_oldest_days_go() -> None:
    keys = [key_of(f"2026-{month:02}-{day:02}") for month in (1, 2, 3) for day in range(1, 28)]
    assert outdated(reversed(keys)) == keys[:-MOST_DAYS]
    assert outdated(keys[:5]) == []


def test_the_dearest_model_is_shown_first() -> None:
    day = {"small": Tally(1, 0, 1, 1, 1_000), "{dear}": Tally(4, 1, 900, 100, 6_000)}
    template = "{model} {calls} {failed} {prompt} {completion} {seconds}"
    assert shown(day, template, "none") == "{dear} 4 1 900 100 1.5\nsmall 1 0 1 1 1.0"
    assert shown({}, template, "none") == "none"
