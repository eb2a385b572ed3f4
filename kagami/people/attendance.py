"""The open faces of the engine: consoles, browsers, live feeds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from kagami.clock import Clock
from kagami.model.principal import Principal
from kagami.ports.attendance import Face, OperatorRow


class OpenFace:
    """Implements `ports.Presence`."""

    def __init__(self, who: Principal, face: Face, session: str, since_ms: int) -> None:
        self._who = who
        self._face = face
        self._session = session
        self._since_ms = since_ms
        self._bytes = 0

    def sent(self, size: int) -> None:
        self._bytes += size

    def row(self) -> OperatorRow:
        who = self._who
        return OperatorRow(who.kind, who.name, self._face, self._since_ms, who.address, self._session, self._bytes)


class Attended:
    """Implements `ports.Attendance`. Of one loop."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[int, OpenFace] = {}

    @contextmanager
    def enter(self, who: Principal, face: Face, session: str = "") -> Iterator[OpenFace]:
        there = OpenFace(who, face, session, self._clock.wall_ms())
        self._open[id(there)] = there
        try:
            yield there
        finally:
            del self._open[id(there)]

    def rows(self) -> list[OperatorRow]:
        return [each.row() for each in self._open.values()]
