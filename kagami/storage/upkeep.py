"""What the store does beside reading and writing: its digest, the clean-up of what is old, giving space back.

Everything goes in chunks, so that the ledger never waits long for one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from kagami.errors import StoreClosed, StoreSlow
from kagami.ports import Cleaned
from kagami.storage.config import StoreConfig
from kagami.storage.digest import Digest, gram_rows
from kagami.storage.engine import Engine, Params, Row
from kagami.storage.traces import lowest_id

DAY_MS = 86_400_000
# A duplicate is known for this long, whatever else is cleaned.
DEDUPE_MS = 3 * DAY_MS
CHUNK_ROWS = 100
TRACE_ROWS = 500
# Rows of one family that a clean-up for size removes before it looks again.
SIZE_ROWS = 200
CHUNK_PAGES = 256
BEAT_S = 0.25
# The digest rests so many times as long as it works, longer while the ledger gets more than so many messages a second:
# what it does is for readers, who find what it has not read yet all the same, but it takes time from those who answer.
REST = 3
BUSY_REST = 31
BUSY_MESSAGES = 1_000
NOTHING = Cleaned(0, 0, 0, 0)
# Columns of `oldest_events` and `oldest_sends`, after id, bot, chat, user and text.
KIND, EXECUTION, TIME, IS_OPEN = 5, 6, 7, 8
# Kinds of events and sends that are lines of the message log.
LINES = ("message", "send")


class Upkeep:
    """Made by the store. `newest` is the highest id that the ledger has given."""

    def __init__(self, engine: Engine, config: StoreConfig, newest: Callable[[], int]) -> None:
        self._engine = engine
        self._config = config
        self._newest = newest
        self._lock = asyncio.Lock()
        self.digest = Digest(engine, self._lock)

    def configure(self, config: StoreConfig) -> None:
        """Keep more or less from now on."""
        self._config = config

    async def run(self) -> None:
        """Until cancelled: read what is new, and let the database tidy itself."""
        clock = asyncio.get_running_loop().time
        while True:
            try:
                started, newest = clock(), self._newest()
                while await self.digest.step():
                    await self._engine.tidy()
                    await asyncio.sleep(rest(clock() - started, self._newest() - newest))
                    started, newest = clock(), self._newest()
                await self._engine.tidy()
            except (StoreClosed, StoreSlow):
                pass  # a full disk, a database that is away: the ledger says so, and the messages wait
            await asyncio.sleep(BEAT_S)

    async def measure(self, older_than_ms: int) -> Cleaned:
        """What `clean` would remove; its bytes by the share of the rows."""
        params: Params = {"limit_ms": older_than_ms, "bound": lowest_id(older_than_ms)}
        ((messages, sends, traces, all_messages, all_sends),) = await self._engine.fetch("measure", params)
        share = (messages + sends) / max(1, all_messages + all_sends)
        return Cleaned(messages, sends, traces, int(share * await self._engine.used()))

    async def clean(self, older_than_ms: int, now_ms: int) -> Cleaned:
        """Remove what is older, but neither open events nor, for three days, what tells a duplicate."""
        before = await self._engine.size()
        removed = await self._remove(older_than_ms, now_ms)
        await self._compact()
        after = await self._engine.size()
        return Cleaned(removed.messages, removed.sends, removed.traces, max(0, before - after))

    async def retain(self, now_ms: int) -> Cleaned:
        """Remove what is older, or more, than the configuration keeps."""
        removed = NOTHING
        if self._config.keep_days:
            removed = await self._remove(now_ms - int(self._config.keep_days * DAY_MS), now_ms)
        if self._config.keep_mb:
            removed = _sum(removed, await self._shrink(self._config.keep_mb << 20, now_ms))
        return removed

    async def _shrink(self, most_bytes: int, now_ms: int) -> Cleaned:
        removed = NOTHING
        while (used := await self._engine.used()) > most_bytes:
            (moments,) = await self._engine.fetch("oldest_moments", {"most": SIZE_ROWS})
            known = [moment for moment in moments if moment is not None]
            if not known:
                break
            gone = await self._remove(min(known) + 1, now_ms)
            removed = _sum(removed, gone)
            if await self._engine.used() >= used:
                break  # what is left cannot be removed
        return removed

    async def _remove(self, limit_ms: int, now_ms: int) -> Cleaned:
        messages = await self._remove_events(limit_ms, now_ms)
        sends = await self._remove_sends(limit_ms)
        params: Params = {"bound": lowest_id(limit_ms), "most": TRACE_ROWS}
        traces = 0
        while gone := await self._engine.write("prune_traces", params):
            traces += gone
        while await self._engine.write("drop_numbers", {"limit_ms": limit_ms, "most": TRACE_ROWS}):
            pass
        return Cleaned(messages, sends, traces, 0)

    async def _remove_events(self, limit_ms: int, now_ms: int) -> int:
        async def prune(old: list[Row]) -> int:
            gone = [row for row in old if row[TIME] < now_ms - DEDUPE_MS]
            bare = [row for row in old if row[TIME] >= now_ms - DEDUPE_MS and row[KIND] != "cleaned"]
            await self._prune(gone, bare, ())
            return _count((*gone, *bare), "message")

        return await self._sweep("oldest_events", limit_ms, prune)

    async def _remove_sends(self, limit_ms: int) -> int:
        async def prune(old: list[Row]) -> int:
            await self._prune((), (), old)
            return _count(old, "send")

        return await self._sweep("oldest_sends", limit_ms, prune)

    async def _sweep(self, query: str, limit_ms: int, prune: Callable[[list[Row]], Awaitable[int]]) -> int:
        """Prune what is older and not open, chunk by chunk; the sum of what `prune` counted."""
        clock = asyncio.get_running_loop().time
        after = removed = 0
        while True:
            started = clock()
            async with self._lock:
                rows: list[Row] = [*await self._engine.fetch(query, {"after": after, "most": CHUNK_ROWS})]
                removed += await prune([row for row in rows if row[TIME] < limit_ms and not row[IS_OPEN]])
            if not any(row[TIME] < limit_ms for row in rows):
                return removed
            after = rows[-1][0]
            # A commit that waits for the disk also waits for what was removed before it: leave it time.
            await asyncio.sleep(clock() - started)

    async def _prune(self, gone: Sequence[Row], bare: Sequence[Row], sends: Sequence[Row]) -> None:
        rows = (*gone, *bare, *sends)
        if not rows:
            return
        ((digested,),) = await self._engine.ask("digested")
        lines = [row for row in rows if row[KIND] in LINES and row[0] <= digested]
        await self._engine.write(
            "prune",
            {
                "grams": await gram_rows(lines),
                "places": [row[:3] for row in lines],
                "executions": [row[EXECUTION] for row in (*gone, *bare)],
                "gone": _ids(gone),
                "stripped": _ids(bare),
                "sends": _ids(sends),
                "highest": max(_ids(rows)),
            },
        )

    async def _compact(self) -> None:
        while await self._engine.compact(CHUNK_PAGES):
            pass


def _ids(rows: Sequence[Row]) -> list[int]:
    return [row[0] for row in rows]


def _count(rows: Sequence[Row], kind: str) -> int:
    return len([row for row in rows if row[KIND] == kind])


def rest(worked: float, messages: int) -> float:
    """Seconds to rest after so many of work, in which so many messages came."""
    return worked * (BUSY_REST if messages > BUSY_MESSAGES * worked else REST)


def _sum(one: Cleaned, other: Cleaned) -> Cleaned:
    return Cleaned(one.messages + other.messages, one.sends + other.sends, one.traces + other.traces, 0)
