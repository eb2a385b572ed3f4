from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from kagami.meters import LATENCY_BOUNDS, Meters
from kagami.web.metrics import exposition
from tests.web.doubles import pulse


def samples(meters: Meters) -> dict[str, float]:
    """Each sample by its name and labels, as a scraper reads it."""
    text = exposition(meters, pulse(online=2)).decode()
    return {
        each.name + "".join(f"[{value}]" for value in each.labels.values()): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def test_a_count_has_its_kind() -> None:
    meters = Meters()
    meters.count["events", "handled"] += 2
    meters.count["events", 'odd "name"\n'] += 1
    found = samples(meters)
    assert found["kagami_events_total[handled]"] == 2
    assert found['kagami_events_total[odd "name"\n]'] == 1


def test_a_gauge_is_its_newest_value() -> None:
    meters = Meters()
    meters.gauge["loop_lag_ms"] = 3.5
    assert samples(meters)["kagami_loop_lag_ms"] == 3.5


def test_the_pulse_is_told() -> None:
    assert samples(Meters())["kagami_bots_online"] == 2


def test_a_latency_is_a_cumulative_histogram() -> None:
    meters = Meters()
    for seconds in (0.0005, 0.002, 100.0):
        meters.latency["event"].observe(seconds)
    found = samples(meters)
    assert found["kagami_event_seconds_bucket[0.001]"] == 1
    assert found["kagami_event_seconds_bucket[0.0025]"] == 2
    assert found[f"kagami_event_seconds_bucket[{LATENCY_BOUNDS[-1]}]"] == 2
    assert found["kagami_event_seconds_bucket[+Inf]"] == found["kagami_event_seconds_count"] == 3
    assert found["kagami_event_seconds_sum"] == 100.0025
