"""Reads the engine's log through `Control`: its end, what is new, what is older, and places in it.

The engine answers a search that takes long in pages. What needs more than one is read on page by page: `told` hears how
far it came, and the task that reads can be cancelled between two pages.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import msgspec

from kagami.log import LogLine
from kagami.operations.logs import At, Level, Window, Windowed
from kagami.ports import Control

BLOCK = 200
BURST = 500
START = -1  # before the first line: 0 would ask for the end
FAR_BEHIND = 1_000  # new lines at once after which following starts anew from the end
Told = Callable[[int], None]


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
        self.reached_ms = 0  # how far a search came that goes on
        self._after = 0
        self._counted = 0

    @property
    def filtered(self) -> bool:
        return bool(self.words) or self.level != "debug"

    @property
    def far_behind(self) -> bool:
        return self.newest - self._after > FAR_BEHIND

    @property
    def oldest(self) -> int:
        """Number of the oldest line that is kept."""
        return max(0, self.newest - self.kept + 1)

    async def end(self) -> tuple[list[LogLine], int]:
        """The newest lines, and the number from which the search for more goes on; 0 when there is no need."""
        before = self.newest
        answer = await self._read(Window(limit=BLOCK, level=self.level, filter=self.words))
        self._take(answer.lines, scanned=before)
        return answer.lines, 0 if answer.done else answer.reached

    async def new(self) -> list[LogLine]:
        """What came since the last call; when that is too much to follow, nothing, and `far_behind` is true."""
        if not self._after:
            return (await self.end())[0]
        # A line may come between the engine's look at the lines and at the number of the newest one: only what was
        # the newest before this call has certainly been looked at.
        before = self.newest
        lines = (await self._read(self._forth(self._after, BURST))).lines
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
        answer = await self._read(self._forth(self._counted, BURST))
        self.fresh += len(answer.lines)
        scanned = before if answer.done else answer.reached
        self._counted = max(self._counted, answer.lines[-1].seq if answer.lines else scanned)
        return self.fresh

    def _forth(self, after: int, limit: int) -> Window:
        return Window(after=after or START, limit=limit, level=self.level, filter=self.words)

    def _back(self, before: int, limit: int) -> Window:
        return Window(before=before, limit=limit, level=self.level, filter=self.words)

    async def older(self, before: int) -> list[LogLine]:
        """What there is in one page's time."""
        return (await self._read(self._back(before, BLOCK))).lines

    async def newer(self, after: int) -> list[LogLine]:
        """What there is in one page's time."""
        return (await self._read(self._forth(after, BLOCK))).lines

    async def pages(self, start: int, *, back: bool, told: Told) -> AsyncIterator[list[LogLine]]:
        """The wanted lines before or after a place, page by page, until there are `BLOCK` or no more."""
        async for lines in self._pages((self._back if back else self._forth)(start, BLOCK), told):
            yield lines

    async def start(self, told: Told) -> list[LogLine]:
        """The oldest lines kept."""
        return await self._first(self._forth(self.newest - self.kept, BLOCK), told)

    async def around(self, seq: int) -> tuple[list[LogLine], bool]:
        """The wanted lines about a place, and whether they reach the end."""
        later = await self._read(self._forth(seq, BLOCK))
        return [*await self.older(seq + 1), *later.lines], later.done and len(later.lines) < BLOCK

    async def seek(
        self, place: int, *, back: bool, words: str = "", level: Level | None = None, told: Told = lambda _: None
    ) -> int:
        """Number of the next line before or after a place that also holds the words and has the level; 0 for none."""
        wanted = f"{self.words} {words}".strip()
        floor = level or self.level
        at = Window(before=place, limit=1, level=floor, filter=wanted)
        lines = await self._first(
            at if back else Window(after=place or START, limit=1, level=floor, filter=wanted), told
        )
        return lines[0].seq if lines else 0

    async def at(self, time_ms: int) -> int:
        """Number of the first kept line that is not older than a time; the newest one when all are."""
        return int(await self._control.call(At(time_ms=time_ms)))

    async def _first(self, request: Window, told: Told) -> list[LogLine]:
        """The first page that holds anything."""
        async with aclosing(self._pages(request, told)) as pages:
            async for lines in pages:
                if lines:
                    return lines
        return []

    async def _pages(self, request: Window, told: Told) -> AsyncGenerator[list[LogLine], None]:
        found = 0
        while True:
            answer = await self._read(request)
            yield answer.lines
            found += len(answer.lines)
            if answer.done or found >= request.limit:
                return
            await self._look(answer.reached)
            told(answer.reached)
            place = {"after": answer.reached or START} if request.after else {"before": answer.reached}
            request = msgspec.structs.replace(request, **place, limit=request.limit - found)

    async def _look(self, seq: int) -> None:
        """What time it is where a search has come to."""
        lines = (await self._read(Window(before=seq + 1, limit=1))).lines
        self.reached_ms = lines[0].time_ms if lines else 0

    async def _read(self, request: Window) -> Windowed:
        answer: Windowed = await self._control.call(request)
        self.newest, self.kept, self.counts = answer.newest, answer.kept, answer.counts
        return answer
