"""Reads the engine's ring of log lines through `Control`: its end, what is new, what is older, and places in it."""

from __future__ import annotations

from kagami.log import LogLine
from kagami.operations.logs import Level, Window, Windowed
from kagami.ports import Control

BLOCK = 200
BURST = 500
START = -1  # before the first line: 0 would ask for the end
FAR_BEHIND = 1_000  # new lines at once after which following starts anew from the end


class Tail:
    """One reader with its level and filter. `newest`, `kept` and `counts` are as the last answer said.

    `fresh` counts the wanted lines that came after the last one taken, while `count_new` is called.
    """

    def __init__(self, control: Control) -> None:
        self._control = control
        self.level: Level = "info"
        self.words = ""
        self.newest = 0
        self.kept = 0
        self.counts: dict[str, int] = {}
        self.fresh = 0
        self._after = 0
        self._counted = 0

    @property
    def filtered(self) -> bool:
        return bool(self.words) or self.level != "debug"

    @property
    def far_behind(self) -> bool:
        return self.newest - self._after > FAR_BEHIND

    async def end(self) -> list[LogLine]:
        """The newest lines."""
        before = self.newest
        lines = await self._read(Window(limit=BLOCK, level=self.level, filter=self.words))
        self._take(lines, scanned=before)
        return lines

    async def new(self) -> list[LogLine]:
        """What came since the last call; when that is too much to follow, nothing, and `far_behind` is true."""
        if not self._after:
            return await self.end()
        # A line may come between the engine's look at the lines and at the number of the newest one: only what was
        # the newest before this call has certainly been looked at.
        before = self.newest
        lines = await self._read(Window(after=self._after, limit=BURST, level=self.level, filter=self.words))
        self._take(lines, scanned=before if len(lines) < BURST else 0)
        return lines

    def _take(self, lines: list[LogLine], scanned: int) -> None:
        self._after = max(self._after, scanned, lines[-1].seq if lines else 0)
        self._counted, self.fresh = self._after, 0

    async def count_new(self, last_shown: int) -> int:
        """How many wanted lines are newer than the last one shown."""
        if not self.filtered:
            await self._read(Window(after=self.newest or START, limit=1))
            self.fresh = self.newest - last_shown
            return self.fresh
        self._counted = max(self._counted, last_shown)
        before = self.newest
        lines = await self._read(Window(after=self._counted or START, limit=BURST, level=self.level, filter=self.words))
        self.fresh += len(lines)
        self._counted = max(self._counted, lines[-1].seq if lines else before)
        return self.fresh

    async def older(self, before: int) -> list[LogLine]:
        return await self._read(Window(before=before, limit=BLOCK, level=self.level, filter=self.words))

    async def newer(self, after: int) -> list[LogLine]:
        return await self._read(Window(after=after or START, limit=BLOCK, level=self.level, filter=self.words))

    async def start(self) -> list[LogLine]:
        """The oldest lines kept."""
        return await self.newer(self.newest - self.kept)

    async def around(self, seq: int) -> tuple[list[LogLine], bool]:
        """The wanted lines about a place, and whether they reach the end."""
        later = await self.newer(seq)
        return [*await self.older(seq + 1), *later], len(later) < BLOCK

    async def seek(self, place: int, *, back: bool, words: str = "", level: Level | None = None) -> int:
        """Number of the next line before or after a place that also holds the words and has the level; 0 for none."""
        wanted = f"{self.words} {words}".strip()
        floor = level or self.level
        at = Window(before=place, limit=1, level=floor, filter=wanted) if back else None
        lines = await self._read(at or Window(after=place or START, limit=1, level=floor, filter=wanted))
        return lines[0].seq if lines else 0

    async def at(self, time_ms: int) -> int:
        """Number of the first kept line that is not older than a time; the newest one when all are."""
        low, high = max(1, self.newest - self.kept + 1), self.newest
        while low < high:
            middle = (low + high) // 2
            lines = await self._read(Window(before=middle + 1, limit=1))
            if lines and lines[0].time_ms < time_ms:
                low = middle + 1
            else:
                high = middle
        return low

    async def _read(self, request: Window) -> list[LogLine]:
        answer: Windowed = await self._control.call(request)
        self.newest, self.kept, self.counts = answer.newest, answer.kept, answer.counts
        return answer.lines
