"""What needs a person now: alerts that last, what was told once, and for a while what is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kagami.core.alerts import LASTING, OVER
from kagami.ports import AlertRow, Notice

# For so long what is over is still shown, dimmed: who comes back to the screen sees what was.
OVER_MS = 600_000


class Standing(NamedTuple):
    """`over` says that it is no more: nobody has to do anything."""

    notice: Notice
    over: bool = False


def standing(lasting: Sequence[AlertRow], notices: Sequence[Notice], now_ms: int) -> list[Standing]:
    """What lasts first, then the others with the newest first; what is over comes last."""
    shown = [
        Notice(each.since_ms, each.level, each.kind, each.text, each.fields) for each in lasting if not each.muted_s
    ]
    there = {_name(each.kind, each.fields) for each in lasting}
    ends = {
        _name(each.kind.removesuffix(OVER), each.fields): each.at_ms for each in notices if each.kind.endswith(OVER)
    }
    once, over, seen = [], [], set(there)
    for each in reversed(notices):
        name = _name(each.kind, each.fields)
        if each.level == "info" or (each.kind in LASTING and name in seen):
            continue
        if each.kind not in LASTING:
            once.append(Standing(each))
        elif now_ms - ends.get(name, each.at_ms) <= OVER_MS:
            over.append(Standing(each, over=True))
        seen.add(name)
    return [*map(Standing, shown), *once, *over]


def _name(kind: str, fields: dict[str, str]) -> tuple[str, str]:
    """Of one state: how it is worded may change while it lasts."""
    return kind, fields.get("bot", "") or fields.get("process", "")
