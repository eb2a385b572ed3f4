"""Below which number nothing new comes to the disk, whichever process has given it."""

from __future__ import annotations

from collections.abc import Collection

from kagami.clock import Clock
from kagami.core.partition import horizon
from kagami.ports import NodeRow

# Numbers go by time as each process has heard it from the database: they may be apart by what an answer takes.
MARGIN_S = 5.0
# How long it is waited for what one may still write that the database does not hear.
SILENT_S = 600.0


class Horizon:
    """`heard` whenever the processes were looked up.

    Lists and searches are made once of what is below; what is above they read directly, which takes longer. A process
    that is cut off holds it where it was: what that has numbered comes late.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._leaving: set[str] = set()
        # By process: below which number all of its own is on disk, 0 when it has not said, and when it was heard of.
        self._marks: dict[str, tuple[int, float]] = {}

    def heard(self, rows: Collection[NodeRow]) -> None:
        now = self._clock.monotonic()
        there = {row.node: (row.state.written, now - row.seen_s) for row in rows}
        # Whose row is gone was silent, unless it has said farewell.
        known = {node: mark for node, mark in self._marks.items() if node not in self._leaving} | there
        self._marks = {node: mark for node, mark in known.items() if now - mark[1] < SILENT_S}
        self._leaving = {row.node for row in rows if row.state.leaving}

    def number(self, wall_ms: int) -> int:
        """At this moment of the database's clock."""
        now = self._clock.monotonic()
        # One that has not said it yet has joined when it was heard of, and numbered nothing before.
        marks = [mark or horizon(wall_ms, now - heard_at + MARGIN_S) for mark, heard_at in self._marks.values()]
        return min([horizon(wall_ms, MARGIN_S), *marks])
