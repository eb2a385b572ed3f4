"""What was done in a group: the last of it, for `/mod log` and the summary of the day."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import msgspec

from kagami.plugins.api import Context

from .rules import Rules

LOG = "log/"
MOST_ENTRIES = 100
DAY_MS = 86_400_000


@dataclass(frozen=True)
class Entry:
    """`deed` is one of `rules.Deed`, or `unmute`; `why` is what a text of the table names, `by` who did it by hand."""

    at_ms: int
    deed: str
    user: str
    why: str = ""
    detail: str = ""
    by: str = ""


async def note(ctx: Context[Rules], entry: Entry) -> None:
    """Keep an entry and forget the oldest. Its key is its own, so that entries of one moment do not meet."""
    store = ctx.store.chat
    await store.put(f"{LOG}{entry.at_ms:015d}/{ctx.event.execution}", entry)
    for old in (await store.keys(LOG))[:-MOST_ENTRIES]:
        await store.delete(old)


async def entries(ctx: Context[Rules], since_ms: int = 0) -> list[Entry]:
    """The newest first."""
    kept = await ctx.store.chat.list(LOG)
    found = [msgspec.convert(value, Entry) for _, value in sorted(kept.items(), reverse=True)]
    return [entry for entry in found if entry.at_ms >= since_ms]


async def of_today(ctx: Context[Rules]) -> Counter[str]:
    """How often each deed was done within a day."""
    return Counter(entry.deed for entry in await entries(ctx, ctx.event.time_ms - DAY_MS))
