"""What plugins did over the last minutes. The engine only counts up; two looks at a count make a rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from itertools import groupby, pairwise
from statistics import fmean
from typing import NamedTuple

from kagami.ports import PluginRow

KEPT = 300  # looks, one a second
LEAST_S = 0.5  # two looks that are closer are one
RECENT_S = 10.0  # what "now" is


class Look(NamedTuple):
    """A count of events and a delay, at a moment of the monotonic clock."""

    at: float
    events: int
    p95_ms: float


class Loads:
    """Looks by plugin and version; an empty version is the plugin as a whole."""

    def __init__(self) -> None:
        self._looks: dict[tuple[str, str], deque[Look]] = {}

    def note(self, rows: Sequence[PluginRow], now: float) -> None:
        """Remember how it is; what is not among `rows` any more is forgotten."""
        before, self._looks = self._looks, {}
        for row in rows:
            self._add(before, (row.id, ""), Look(now, row.handled, row.p95_ms))
            for each in row.versions:
                self._add(before, (row.id, each.version), Look(now, each.events, each.p95_ms))

    def _add(self, before: dict[tuple[str, str], deque[Look]], key: tuple[str, str], look: Look) -> None:
        looks = self._looks[key] = before.get(key) or deque(maxlen=KEPT)
        if looks and look.at - looks[-1].at < LEAST_S:
            looks[-1] = look._replace(at=looks[-1].at)
        else:
            looks.append(look)

    def rates(self, plugin: str, version: str = "", samples: int = KEPT) -> list[float]:
        """Events a second over the last minutes, oldest first. A count that fell has begun anew."""
        pairs = pairwise(self._of(plugin, version))
        return _slices(
            [(now.at, max(0, now.events - then.events) / (now.at - then.at)) for then, now in pairs], samples
        )

    def per_s(self, plugin: str, version: str = "") -> float | None:
        """Events a second now; None before the second look."""
        looks = self._of(plugin, version)
        if len(looks) < 2:  # noqa: PLR2004
            return None
        last = looks[-1]
        recent = [each for each in looks if last.at - each.at <= RECENT_S]
        first = recent[0] if len(recent) > 1 else looks[-2]
        return max(0, last.events - first.events) / (last.at - first.at)

    def delays(self, plugin: str, version: str = "", samples: int = KEPT) -> list[float]:
        """The p95 over the last minutes, milliseconds, oldest first."""
        return _slices([(look.at, look.p95_ms) for look in self._of(plugin, version)], samples)

    def _of(self, plugin: str, version: str) -> list[Look]:
        return list(self._looks.get((plugin, version), ()))


def _slices(values: Sequence[tuple[float, float]], samples: int) -> list[float]:
    """Means over slices of time that stay where they are, so that a chart only moves when a slice is full."""
    seconds = -(-KEPT // max(1, samples))
    groups = groupby(values, key=lambda value: value[0] // seconds)
    return [fmean(value for _, value in group) for _, group in groups][-samples:]
