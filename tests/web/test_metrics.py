from __future__ import annotations

import re
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from kagami.meters import LATENCY_BOUNDS, Meters
from kagami.ports import FeedRow, NodeRow, NodeState, WorkerRow
from kagami.web.metrics import Readings, exposition, readings_of
from tests.web.doubles import make_parts, pulse, row


def samples(meters: Meters | None = None, **more: Any) -> dict[str, float]:
    """Each sample by its name and labels, as a scraper reads it."""
    text = exposition(Readings(meters or Meters(), pulse(online=2), **more)).decode()
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
    assert samples()["kagami_bots_online"] == 2


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


@pytest.mark.parametrize("name", ["events_total[dead]", "sends_total[unknown]", "backups_total[failed]"])
def test_what_has_never_happened_is_0(name: str) -> None:
    assert samples()[f"kagami_{name}"] == 0


def test_plugins_are_a_label() -> None:
    meters = Meters()
    meters.count["plugin failed", "echo"] += 1
    meters.latency["plugin echo"].observe(0.002)
    found = samples(meters)
    assert found["kagami_plugin_failed_total[echo]"] == 1
    assert found["kagami_plugin_seconds_count[echo]"] == 1


def test_every_name_is_one_that_prometheus_takes() -> None:
    meters = Meters()
    meters.count["plugin handled", "echo"] += 1
    meters.latency["plugin echo"].observe(1.0)
    text = exposition(Readings(meters, pulse())).decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [line for line in lines if re.match(r"kagami_[a-z_]+[{ ]", line) is None] == []


def test_a_bot_has_one_state() -> None:
    found = samples(bots=[row("1", "silent")])
    states = {name: value for name, value in found.items() if name.startswith("kagami_bot_state")}
    assert states == {"kagami_bot_state[onebot11][qq:1][silent]": 1}


def test_a_worker_that_is_behind_says_how_far() -> None:
    found = samples(workers=[WorkerRow("bot", "away", feed=FeedRow("in", behind_s=7.5)), WorkerRow("plugins", "live")])
    assert (found["kagami_worker_lag_seconds[bot]"], found["kagami_worker_lag_seconds[plugins]"]) == (7.5, 0)


def test_a_cluster_tells_who_holds_what() -> None:
    found = samples(nodes=[NodeRow("worker-a", "worker", 3, 1.5, NodeState(parts=(1, 2, 3), oldest_s=0.25))])
    assert found["kagami_node_partitions[worker-a][worker]"] == 3
    assert found["kagami_node_seen_seconds[worker-a][worker]"] == 1.5
    assert found["kagami_node_oldest_event_seconds[worker-a][worker]"] == 0.25


def test_lines_of_the_log_are_counted_by_level() -> None:
    assert samples(lines={30: 3})["kagami_log_lines_total[warning]"] == 3


def test_an_engine_is_read_whole() -> None:
    found = exposition(readings_of(make_parts())).decode()
    assert 'kagami_build_info{version="0.1.0"} 1.0' in found
