"""Counters of the engine: plain numbers that cost an addition, read by the pulse, `#status` and `/metrics`."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict

# Upper bounds in seconds; the last bucket is open.
LATENCY_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)


class Histogram:
    """Counts of observed seconds by bucket, with their sum."""

    __slots__ = ("buckets", "count", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(LATENCY_BOUNDS) + 1)
        self.count = 0
        self.total = 0.0

    def observe(self, seconds: float) -> None:
        self.buckets[bisect_left(LATENCY_BOUNDS, seconds)] += 1
        self.count += 1
        self.total += seconds

    def quantile(self, q: float) -> float:
        """Upper bound in seconds of the bucket that holds the quantile `q` (0 to 1); 0.0 when empty."""
        rank, seen = q * self.count, 0
        for place, amount in enumerate(self.buckets):
            seen += amount
            if amount and seen >= rank:
                return LATENCY_BOUNDS[min(place, len(LATENCY_BOUNDS) - 1)]
        return 0.0


class Meters:
    """All counts of one engine. `count[name, label]` is ever growing; `gauge[name]` is the newest value."""

    def __init__(self) -> None:
        self.count: defaultdict[tuple[str, str], int] = defaultdict(int)
        self.gauge: dict[str, float] = {}
        self.latency: defaultdict[str, Histogram] = defaultdict(Histogram)
