"""In which order a statement locks rows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

_WAITING = "SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = $1)"


async def waits_for_the_first(
    url: str, table: str, first: str, later: str, work: Callable[[], Awaitable[object]]
) -> None:
    """Whoever waits for the row that is `first` by a condition has not locked the `later` one yet."""
    holder, other = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        async with asyncio.timeout(30), holder.transaction():
            assert await holder.fetch(f"SELECT 1 FROM {table} WHERE {first} FOR UPDATE")  # noqa: S608 - our own text
            waiting = asyncio.ensure_future(work())
            while not await other.fetch(_WAITING, url.rpartition("/")[2].partition("?")[0]):
                assert not waiting.done()
                await asyncio.sleep(0.005)
            assert await other.fetch(f"SELECT 1 FROM {table} WHERE {later} FOR UPDATE NOWAIT")  # noqa: S608
        await waiting
    finally:
        await holder.close()
        await other.close()
