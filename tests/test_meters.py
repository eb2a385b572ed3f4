from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.meters import LATENCY_BOUNDS, Histogram, Meters


def histogram(*seconds: float) -> Histogram:
    made = Histogram()
    for each in seconds:
        made.observe(each)
    return made


def test_count_and_total_are_of_all_observed() -> None:
    made = histogram(0.5, 1.5)
    assert (made.count, made.total) == (2, 2.0)


@pytest.mark.parametrize(
    ("seconds", "place"),
    [(0.0, 0), (0.001, 0), (0.0011, 1), (60.0, len(LATENCY_BOUNDS) - 1), (61.0, len(LATENCY_BOUNDS))],
)
def test_a_bucket_holds_its_upper_bound(seconds: float, place: int) -> None:
    assert histogram(seconds).buckets[place] == 1


@pytest.mark.parametrize(("q", "bound"), [(0.0, 0.001), (0.5, 0.001), (0.9, 0.001), (0.95, 0.5), (1.0, 0.5)])
def test_a_quantile_is_the_bound_of_its_bucket(q: float, bound: float) -> None:
    assert histogram(*[0.0005] * 9, 0.4).quantile(q) == bound


def test_the_open_bucket_counts_as_the_last_bound() -> None:
    assert histogram(1000.0).quantile(0.5) == 60.0


def test_an_empty_histogram_has_quantile_0() -> None:
    assert histogram().quantile(0.95) == 0.0


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_never_fall(seconds: list[float], one: float, other: float) -> None:
    made = histogram(*seconds)
    assert made.quantile(min(one, other)) <= made.quantile(max(one, other))


def test_counts_start_at_0() -> None:
    meters = Meters()
    meters.count["frames", "qq:1"] += 2
    assert (meters.count["frames", "qq:1"], meters.count["frames", "qq:2"]) == (2, 0)


def test_latencies_are_kept_by_name() -> None:
    meters = Meters()
    meters.latency["send"].observe(0.1)
    assert (meters.latency["send"].count, meters.latency["receive"].count) == (1, 0)
