"""Reads new messages in the background: into the search index and the list of chats."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from kagami.storage.engine import Engine, Row
from kagami.storage.messages import HIGHEST_ID
from kagami.storage.words import index

# Rows of one step: what one transaction, which the ledger has to wait for, can hold in some ten milliseconds.
STEP_ROWS = 500
SHOWN = 200
# Texts that are cut into pieces without a pause: some tenths of a millisecond.
BREATH_ROWS = 25


class Digest:
    """`lock` keeps it apart from the clean-up, which must know exactly what is in the index."""

    def __init__(self, engine: Engine, lock: asyncio.Lock) -> None:
        self._engine = engine
        self._lock = lock
        self.digested = -1
        # Below it nothing new is written any more: what it reads is read once.
        self.horizon: Callable[[], int] = lambda: HIGHEST_ID

    async def catch_up(self) -> None:
        while await self.step():
            pass

    async def step(self, rows: int = STEP_ROWS) -> int:
        """Read the next messages; how many there were."""
        async with self._lock:
            if self.digested < 0:
                ((self.digested,),) = await self._engine.ask("digested")
            found = await self._engine.fetch(
                "undigested", {"digested": self.digested, "horizon": self.horizon(), "most": rows}
            )
            if not found:
                return 0
            written = await self._engine.write(
                "digest",
                {
                    "after": self.digested,
                    "grams": await gram_rows(found),
                    "chats": chat_rows(found),
                    "places": [(row[0], row[1], row[2]) for row in found],
                    "digested": found[-1][0],
                },
            )
            # Only the lock changed: another process has read them.
            self.digested = found[-1][0] if written > 1 else -1
            return len(found)


async def gram_rows(lines: Sequence[Row]) -> list[Row]:
    """For `add_grams` and `drop_grams`, of rows that begin as those of `undigested`. Gives way to others in between."""
    rows: list[Row] = []
    for start in range(0, len(lines), BREATH_ROWS):
        for number, bot, chat, user, text, *_ in lines[start : start + BREATH_ROWS]:
            if text:
                rows.append((number, index(text, bot=bot, chat=chat, user=user)))
        await asyncio.sleep(0)
    return rows


def chat_rows(lines: Iterable[list[Any]]) -> list[Row]:
    """For `add_chats`, of lines in their order."""
    chats: dict[tuple[str, str], list[Any]] = {}
    for number, bot, chat, _user, text, chat_name, time_ms, sender in lines:
        known = chats.get((bot, chat))
        name = chat_name or (known[2] if known else "")
        amount = known[7] + 1 if known else 1
        chats[bot, chat] = [bot, chat, name, number, time_ms, text[:SHOWN], sender, amount]
    return list(chats.values())
