"""Search in what was said: the index narrows, the text itself decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from kagami.ports import MessageQuery, MessageRow
from kagami.storage.engine import Engine, Params, storable
from kagami.storage.messages import HIGHEST_ID
from kagami.storage.rows import read_line
from kagami.storage.words import contains, is_short, normal, query

# Rows looked at in one step: few at first, since most searches are satisfied by them.
FIRST_STEP = 100
LARGEST_STEP = 4_000
NO_END = HIGHEST_ID
READ_FOR_SHORT = 2_000
# Without a text there is no index to ask.
READ_WITHOUT_TEXT = 50_000


class Search:
    """Implements `ports.Store.search`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(self, text: str, **query_of: Unpack[MessageQuery]) -> list[MessageRow]:
        """Lines whose normal form contains that of `text`, newest first; every wanted line when it is empty."""
        wanted, limit, before = normal(storable(text)), query_of.get("limit", 50), query_of.get("before", 0)
        names = {"bot": query_of.get("bot", ""), "chat": query_of.get("chat", ""), "user": query_of.get("user", "")}
        hits = _Hits(wanted, limit, query_of.get("direction", ""), query_of.get("outcome", ""))
        if limit <= 0 or not (wanted or hits.narrowed or any(names.values())):
            return []
        if not wanted:
            await self._walk(hits, "lines_above", {**names, "digested": 0}, before or HIGHEST_ID, READ_WITHOUT_TEXT)
            return hits.found
        ((digested,),) = await self._engine.fetch("digested")
        # Messages that the index does not know yet are read one by one.
        await self._walk(hits, "lines_above", {**names, "digested": digested}, before or HIGHEST_ID)
        before = min(before or HIGHEST_ID, digested + 1)
        if is_short(wanted):
            before = await self._read_newest(hits, names, before)
        await self._walk(hits, "hits", {**names, "expression": query(wanted, **names)}, before)
        return hits.found

    async def _read_newest(self, hits: _Hits, names: Mapping[str, str], before: int) -> int:
        """For a text that very many may hold, read the newest messages first: most often they are enough."""
        if any(names.values()):
            params: Params = {**names, "expression": query("", **names)}
            return await self._walk(hits, "hits", params, before, READ_FOR_SHORT)
        return await self._walk(hits, "lines_above", {**names, "digested": 0}, before, READ_FOR_SHORT)

    async def _walk(self, hits: _Hits, name: str, params: Params, before: int, most: int = NO_END) -> int:
        """Read on until there is enough, or nothing more, or `most` rows are read; where to go on, 0 for nowhere."""
        step = max(FIRST_STEP, 2 * hits.missing)
        while hits.missing and before and most > 0:
            step = min(step, most)
            rows = await self._engine.fetch(name, {**params, "before": before, "most": step})
            hits.take(rows)
            most -= len(rows)
            before = rows[-1][0] if len(rows) == step else 0
            step = min(4 * step, LARGEST_STEP)
        return before


class _Hits:
    def __init__(self, wanted: str, limit: int, direction: str, outcome: str) -> None:
        self._wanted = wanted
        self._limit = limit
        self._direction = direction
        self._outcome = outcome
        self.found: list[MessageRow] = []

    @property
    def narrowed(self) -> bool:
        return bool(self._direction or self._outcome)

    @property
    def missing(self) -> int:
        return self._limit - len(self.found)

    def take(self, rows: Sequence[Sequence[Any]]) -> None:
        """Keep the lines that really hold what is wanted."""
        for row in rows:
            if not self.missing:
                return
            if row[1] is not None and self._fits(row):
                self.found.append(read_line(row))

    def _fits(self, row: Sequence[Any]) -> bool:
        if self._direction not in ("", row[1]) or self._outcome not in ("", row[8]):
            return False
        return not self._wanted or contains(row[6], self._wanted)
