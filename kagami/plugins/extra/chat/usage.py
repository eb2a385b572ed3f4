"""What models cost: calls, tokens and time by chat, day and model, for two months."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

PREFIX = "usage/"
MOST_DAYS = 62
MOST_MODELS = 50


class Tried(msgspec.Struct, frozen=True):
    """One call: which model of which host, tokens, and how long it took. `fine` when there was an answer."""

    model: str
    host: str
    fine: bool
    ms: int
    prompt: int = 0
    completion: int = 0


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """Sums over calls; `ms` is of those that were answered."""

    calls: int = 0
    failed: int = 0
    prompt: int = 0
    completion: int = 0
    ms: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.calls + other.calls,
            self.failed + other.failed,
            self.prompt + other.prompt,
            self.completion + other.completion,
            self.ms + other.ms,
        )


Day = dict[str, Tally]


def key_of(date: str) -> str:
    """`date` is like `2026-01-31`."""
    return f"{PREFIX}{date}"


def read_day(stored: Any) -> Day:
    """A day as the store has it; one in another form counts as none."""
    try:
        return msgspec.convert(stored, Day)
    except msgspec.ValidationError:
        return {}


def count(day: Mapping[str, Tally], tries: Iterable[Tried]) -> Day:
    """A day with some more calls."""
    counted = dict(day)
    for each in tries:
        name = f"{each.model} @ {each.host}"
        if name in counted or len(counted) < MOST_MODELS:
            one = Tally(1, 0, each.prompt, each.completion, each.ms) if each.fine else Tally(0, 1)
            counted[name] = counted.get(name, Tally()) + one
    return counted


def total(days: Iterable[Mapping[str, Tally]]) -> Day:
    """All days in one."""
    summed: Day = {}
    for day in days:
        for name, tally in day.items():
            summed[name] = summed.get(name, Tally()) + tally
    return summed


def outdated(keys: Iterable[str]) -> list[str]:
    """Keys of days that are too old to keep."""
    return sorted(keys)[:-MOST_DAYS]


def shown(day: Mapping[str, Tally], template: str, nothing: str) -> str:
    """A line for each model, the dearest first."""
    dearest = sorted(day.items(), key=lambda item: -(item[1].prompt + item[1].completion))
    lines = [
        template.format(
            model=name,
            calls=tally.calls,
            failed=tally.failed,
            prompt=tally.prompt,
            completion=tally.completion,
            seconds=f"{tally.ms / 1000 / max(tally.calls, 1):.1f}",
        )
        for name, tally in dearest
    ]
    return "\n".join(lines) or nothing
