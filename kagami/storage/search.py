"""Search in what was said: the index narrows, the text itself decides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kagami.ports import MessageRow
from kagami.storage.engine import Engine, Params
from kagami.storage.messages import HIGHEST_ID
from kagami.storage.rows import read_line
from kagami.storage.words import contains, is_short, normal, query

# Rows looked at in one step: few at first, since most searches are satisfied by them.
FIRST_STEP = 100
LARGEST_STEP = 4_000
READ_FOR_SHORT = 2_000


class Search:
    """Implements `ports.Store.search`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def find(
        self, text: str, *, bot: str = "", chat: str = "", user: str = "", before: int = 0, limit: int = 50
    ) -> list[MessageRow]:
        """Lines whose normal form contains that of `text`, newest first."""
        wanted = normal(text)
        if not wanted or limit <= 0:
            return []
        # Messages that the index does not know yet are read one by one; for a text that very many hold, the newest ones
        # too, which most often is enough.
        ((digested,),) = await self._engine.fetch("digested")
        if is_short(wanted):
            digested = max(0, digested - READ_FOR_SHORT)
        filters: Params = {"bot": bot, "chat": chat, "user": user}
        hits = _Hits(wanted, limit)
        await self._walk(hits, "lines_above", {**filters, "digested": digested}, before or HIGHEST_ID)
        known = {**filters, "expression": query(wanted, bot=bot, chat=chat, user=user)}
        await self._walk(hits, "hits", known, min(before or HIGHEST_ID, digested + 1))
        return hits.found

    async def _walk(self, hits: _Hits, name: str, params: Params, before: int) -> None:
        step = max(FIRST_STEP, 2 * hits.missing)
        while hits.missing:
            rows = await self._engine.fetch(name, {**params, "before": before, "most": step})
            hits.take(rows)
            if len(rows) < step:
                return
            before = rows[-1][0]
            step = min(4 * step, LARGEST_STEP)


class _Hits:
    def __init__(self, wanted: str, limit: int) -> None:
        self._wanted = wanted
        self._limit = limit
        self.found: list[MessageRow] = []

    @property
    def missing(self) -> int:
        return self._limit - len(self.found)

    def take(self, rows: Sequence[Sequence[Any]]) -> None:
        """Keep the lines that really hold what is wanted."""
        for row in rows:
            if not self.missing:
                return
            if row[1] is not None and contains(row[6], self._wanted):
                self.found.append(read_line(row))
