"""The meters in the exposition format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kagami.meters import LATENCY_BOUNDS, Histogram, Meters
from kagami.ports import Pulse

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class EngineCollector(Collector):
    """Reads the engine when it is scraped; nothing is kept twice."""

    def __init__(self, meters: Meters, pulse: Pulse) -> None:
        self._meters = meters
        self._pulse = pulse

    def collect(self) -> Iterator[Metric]:
        yield from _counters(self._meters)
        gauges = _pulse_gauges(self._pulse) | self._meters.gauge
        for name, value in sorted(gauges.items()):
            yield GaugeMetricFamily(f"kagami_{name}", _sentence(name), value=value)
        for name, histogram in sorted(self._meters.latency.items()):
            yield _histogram(name, histogram)


def exposition(meters: Meters, pulse: Pulse) -> bytes:
    """The text of one scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(EngineCollector(meters, pulse))
    return generate_latest(registry)


def _counters(meters: Meters) -> Iterator[Metric]:
    families: dict[str, CounterMetricFamily] = {}
    for (name, kind), amount in sorted(meters.count.items()):
        if name not in families:
            families[name] = CounterMetricFamily(f"kagami_{name}", _sentence(name), labels=["kind"])
        families[name].add_metric([kind], amount)
    yield from families.values()


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


def _histogram(name: str, histogram: Histogram) -> Metric:
    bounds = [*(str(bound) for bound in LATENCY_BOUNDS), "+Inf"]
    # A snapshot of sums: buckets may grow while they are read, and the last one must be the count.
    buckets = list(zip(bounds, (float(amount) for amount in accumulate(histogram.buckets)), strict=True))
    return HistogramMetricFamily(f"kagami_{name}_seconds", _sentence(name), buckets=buckets, sum_value=histogram.total)


def _sentence(name: str) -> str:
    return name.replace("_", " ").capitalize()
