"""What the engine counts, in the exposition format of Prometheus.

Names and labels are a promise: dashboards and rules are written against them (`docs/deploy/monitoring.md`). A label's
values are few: bots, workers and plugins of one installation, words of a fixed list.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kagami.meters import LATENCY_BOUNDS, Histogram, Meters
from kagami.ports import BotRow, NodeRow, Parts, Pulse, WorkerRow

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class _Counted(NamedTuple):
    """`kinds` are there from the start, with 0: what has never happened can be asked about too."""

    text: str
    kinds: tuple[str, ...] = ()
    label: str = "kind"


COUNTED: Mapping[str, _Counted] = {
    "events": _Counted(
        "Events by what became of them.",
        ("handled", "ignored", "retry", "dead", "shed", "limited", "late", "duplicate", "refused"),
    ),
    "sends": _Counted("Sends by their outcome.", ("sent", "failed", "unknown")),
    "plugin_handled": _Counted("Events that a plugin has handled.", label="plugin"),
    "plugin_failed": _Counted("Events that a plugin has failed at.", label="plugin"),
    "stalls": _Counted("How often something held up the event loop.", ("engine",), "plugin"),
    "bad_frames": _Counted("Frames of a platform that could not be read.", label="bot"),
    "backups": _Counted("Backups by their outcome.", ("made", "failed")),
    "ledger_batches": _Counted("Batches that the store has committed.", ("",)),
    "ledger_rows": _Counted("Rows that the store has committed.", ("",)),
    "ledger_lost": _Counted("Rows that the store has not taken.", ("",)),
    "ledger_refused": _Counted("Events that were not accepted because too much waited for the store.", ("",)),
    "gateway_refused": _Counted("Connections that the gateway has refused, by HTTP status."),
    "link_attempts": _Counted("Attempts to connect, by address."),
    "state_lost": _Counted(
        "Hints and items of the live feed that were dropped.", ("hints", "unheard hints", "feed", "slow feed")
    ),
    "worker_events": _Counted("Events that a worker has got.", label="worker"),
    "worker_events_late": _Counted("Of those, how many came late.", label="worker"),
    "worker_events_skipped": _Counted("Events that a worker never got.", label="worker"),
}
GAUGES: Mapping[str, str] = {
    "start_time_seconds": "When the engine started, in seconds since 1970.",
    "process_memory_bytes": "Resident memory of the process.",
    "process_cpu_percent": "Use of processors, in percent of one.",
    "bots_online": "Bots that are connected.",
    "bots_troubled": "Bots that are connecting, silent, or wait to connect again.",
    "bots_offline": "Bots that are refused or fail again and again.",
    "events_waiting": "Events that wait for a handler.",
    "events_open": "Events that were accepted and are not over.",
    "oldest_event_seconds": "How long the oldest event has waited for its handler.",
    "loop_lag_ms": "The longest that the event loop stood still lately.",
    "ledger_healthy": "1 while the store can be written.",
    "ledger_waiting": "Rows that wait for the store.",
    "spool_events": "Events that are kept on disk while the database is away.",
    "spool_bytes": "What they take there.",
    "spool_oldest_timestamp_seconds": "When the oldest of them came, in seconds since 1970; 0 when there is none.",
    "redis_healthy": "1 while the Redis can be used; not there without one.",
    "gateway_connections": "Connections to the gateway.",
    "disk_free_bytes": "Free where everything is kept.",
    "backup_timestamp_seconds": "When the newest backup was made, in seconds since 1970; 0 when there is none.",
}
TIMED: Mapping[str, str] = {
    "event": "From the acceptance of an event to the end of its handler.",
    "ledger": "From the close of a batch to its commit.",
    "plugin": "How long a plugin took for an event.",
}


@dataclass(frozen=True, slots=True)
class Readings:
    """An engine at the moment of a scrape."""

    meters: Meters
    pulse: Pulse
    bots: Sequence[BotRow] = ()
    workers: Sequence[WorkerRow] = ()
    nodes: Sequence[NodeRow] = ()
    lines: Mapping[int, int] = field(default_factory=dict)


def readings_of(parts: Parts) -> Readings:
    return Readings(
        parts.meters,
        parts.house.pulse(),
        parts.bots.rows(),
        [row for row in parts.routing.workers() if not row.node],
        parts.cluster.rows(),
        dict(parts.ring.counts),
    )


class EngineCollector(Collector):
    """Reads the engine when it is scraped; nothing is kept twice."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def collect(self) -> Iterator[Metric]:
        meters, pulse = self._readings.meters, self._readings.pulse
        build = GaugeMetricFamily("kagami_build_info", "The version that runs.", labels=["version"])
        build.add_metric([pulse.version], 1)
        yield build
        yield from _counters(meters)
        for name, value in sorted((_pulse_gauges(pulse) | meters.gauge).items()):
            yield GaugeMetricFamily(f"kagami_{name}", GAUGES.get(name) or _sentence(name), value=value)
        yield from _histograms(meters)
        yield from _of_bots(self._readings.bots)
        yield from _of_workers(self._readings.workers)
        yield from _of_nodes(self._readings.nodes)
        yield _lines(self._readings.lines)


def exposition(readings: Readings) -> bytes:
    """The text of one scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(EngineCollector(readings))
    return generate_latest(registry)


def _counters(meters: Meters) -> Iterator[Metric]:
    amounts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name, counted in COUNTED.items():
        amounts[name] = dict.fromkeys(counted.kinds, 0)
    for (name, kind), amount in sorted(meters.count.items()):
        amounts[name.replace(" ", "_")][kind] = amount
    for name, by_kind in sorted(amounts.items()):
        counted = COUNTED.get(name) or _Counted(_sentence(name))
        family = CounterMetricFamily(f"kagami_{name}", counted.text, labels=[counted.label])
        for kind, amount in by_kind.items():
            family.add_metric([kind], amount)
        yield family


def _pulse_gauges(pulse: Pulse) -> dict[str, float]:
    return {
        "start_time_seconds": pulse.started_ms / 1000,
        "process_memory_bytes": pulse.memory_bytes,
        "process_cpu_percent": pulse.cpu_percent,
        "bots_online": pulse.online,
        "bots_troubled": pulse.troubled,
        "bots_offline": pulse.offline,
        "events_waiting": pulse.waiting,
        "events_open": pulse.open_events,
        "oldest_event_seconds": pulse.oldest_s,
    }


def _histograms(meters: Meters) -> Iterator[Metric]:
    """One family a name; of `plugin <id>` the id is a label."""
    families: dict[str, HistogramMetricFamily] = {}
    for key, histogram in sorted({"event": Histogram(), "ledger": Histogram(), **meters.latency}.items()):
        name, _, plugin = key.partition(" ")
        if name not in families:
            text = TIMED.get(name) or _sentence(name)
            families[name] = HistogramMetricFamily(
                f"kagami_{name}_seconds", text, labels=["plugin"] if plugin else None
            )
        bounds = [*(str(bound) for bound in LATENCY_BOUNDS), "+Inf"]
        # A snapshot of sums: buckets may grow while they are read, and the last one must be the count.
        buckets = list(zip(bounds, (float(amount) for amount in accumulate(histogram.buckets)), strict=True))
        families[name].add_metric([plugin] if plugin else [], buckets, histogram.total)
    yield from families.values()


def _of_bots(bots: Sequence[BotRow]) -> Iterator[Metric]:
    state = GaugeMetricFamily(
        "kagami_bot_state", "1 for the state that a bot is in.", labels=["bot", "adapter", "state"]
    )
    heard = GaugeMetricFamily(
        "kagami_bot_last_event_timestamp_seconds", "When a bot last heard something, 0 for never.", labels=["bot"]
    )
    for row in bots:
        state.add_metric([row.id, row.adapter, row.health.state], 1)
        heard.add_metric([row.id], row.health.last_event_ms / 1000)
    yield from (state, heard)


def _of_workers(workers: Sequence[WorkerRow]) -> Iterator[Metric]:
    state = GaugeMetricFamily("kagami_worker_state", "1 for the state that a worker is in.", labels=["worker", "state"])
    lag = GaugeMetricFamily(
        "kagami_worker_lag_seconds",
        "Age of the last event that a worker has taken while there are newer ones.",
        labels=["worker"],
    )
    busy = GaugeMetricFamily("kagami_worker_busy", "Events that a worker has in its hands.", labels=["worker"])
    for row in workers:
        state.add_metric([row.name, row.state], 1)
        lag.add_metric([row.name], row.feed.behind_s if row.feed else 0.0)
        busy.add_metric([row.name], row.busy)
    yield from (state, lag, busy)


def _of_nodes(nodes: Sequence[NodeRow]) -> Iterator[Metric]:
    """What this process knows of all; every one tells the same, so take the greatest."""
    parts = GaugeMetricFamily(
        "kagami_node_partitions", "Partitions that a process of the cluster holds.", labels=["node", "role"]
    )
    seen = GaugeMetricFamily(
        "kagami_node_seen_seconds", "How long ago a process of the cluster was heard of.", labels=["node", "role"]
    )
    oldest = GaugeMetricFamily(
        "kagami_node_oldest_event_seconds", "How long the oldest event of a process waits.", labels=["node", "role"]
    )
    for row in nodes:
        parts.add_metric([row.node, row.role], len(row.state.parts))
        seen.add_metric([row.node, row.role], row.seen_s)
        oldest.add_metric([row.node, row.role], row.state.oldest_s)
    yield from (parts, seen, oldest)


def _lines(counts: Mapping[int, int]) -> Metric:
    family = CounterMetricFamily("kagami_log_lines", "Lines of the log by level.", labels=["level"])
    for level, amount in sorted(counts.items()):
        family.add_metric([logging.getLevelName(level).lower()], amount)
    return family


def _sentence(name: str) -> str:
    return f"{name.replace('_', ' ').capitalize()}."
