"""How many log lines there were in each minute of one hour, by level: read in pieces, and only what is not known."""

from __future__ import annotations

from kagami.operations.logs import Counted, Histogram, Level
from kagami.ports import Control

MINUTE_MS = 60_000
MINUTES = 60
PIECE = 10  # minutes that are asked for at once
AGAIN_S = 5.0  # seconds after which the minute that runs is counted anew

Counts = dict[str, int]


class Hour:
    """The hour up to now, or the one about a moment. `minutes` are oldest first, None where nothing is known yet."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._known: dict[int, Counts] = {}
        self._wanted: tuple[Level, str] = ("debug", "")
        self._running = 0  # the minute that is not over yet
        self._again_at = 0.0
        self.first = 0  # minutes since 1970
        self.whole = True

    @property
    def minutes(self) -> list[Counts | None]:
        return [self._known.get(each) for each in range(self.first, self.first + MINUTES)]

    @property
    def since_ms(self) -> int:
        return self.first * MINUTE_MS

    def want(self, level: Level, words: str) -> None:
        """Count other lines."""
        if (level, words) != self._wanted:
            self._wanted = (level, words)
            self._known.clear()
            self.whole = True

    def aim(self, at_ms: int, now_ms: int) -> None:
        """Have a moment in the hour: the last one, when it is in that, else one with the moment in its middle."""
        if now_ms // MINUTE_MS != self._running:
            self._known.pop(self._running, None)  # it was counted before it was over
            self._running = now_ms // MINUTE_MS
        last, minute = self._running - MINUTES + 1, at_ms // MINUTE_MS
        if minute >= last:
            self.first = last
        elif not self.first <= minute < self.first + MINUTES:
            self.first = minute - MINUTES // 2
        for gone in [each for each in self._known if not self.first <= each < self.first + MINUTES]:
            del self._known[gone]

    async def read(self, now_s: float) -> bool:
        """Ask for one piece that is missing, the newest first; False when nothing is."""
        piece = self._piece(now_s)
        if piece is None:
            return False
        first, last = piece
        level, words = wanted = self._wanted
        answer: Counted = await self._control.call(
            Histogram(
                since_ms=first * MINUTE_MS,
                until_ms=(last + 1) * MINUTE_MS,
                buckets=last - first + 1,
                level=level,
                filter=words,
            )
        )
        if wanted == self._wanted:  # nothing else was asked for meanwhile
            self._known |= {first + place: each for place, each in enumerate(answer.parts)}
            self.whole = self.whole and answer.whole
            if last >= self._running:
                self._again_at = now_s + AGAIN_S
        return True

    def _piece(self, now_s: float) -> tuple[int, int] | None:
        """First and last minute to ask for: the newest that are missing, else the one that runs, once it is time."""
        end = min(self.first + MINUTES, self._running + 1)
        missing = [each for each in range(self.first, end) if each not in self._known]
        if missing:
            last = missing[-1]
            return next(each for each in missing if each > last - PIECE), last
        if now_s < self._again_at or end <= self._running:
            return None
        return self._running, self._running
