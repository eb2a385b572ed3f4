"""What changes while somebody looks: the engine's state as a stream of small items."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from kagami.ports import BotRow, Feed, Notice, Parts

TOPICS = ("pulse", "bots", "notice")
TICK_S = 0.5  # bots at most twice a second, the pulse at every second tick


async def feed(parts: Parts, topics: Sequence[str]) -> AsyncGenerator[Feed, None]:
    """Pulses once a second, the rows of all bots when they changed, notices as they come; until it is closed.

    The state is read when the reader asks for more: a slow reader gets fewer items, never old ones.
    """
    wanted = frozenset(topics)
    rows: list[BotRow] | None = None
    known: list[Notice] = parts.house.notices()
    beat = 0
    while True:
        if "bots" in wanted and (now := parts.bots.rows()) != rows:
            rows = now
            yield Feed("bots", rows)
        if "pulse" in wanted and beat % 2 == 0:
            yield Feed("pulse", parts.house.pulse())
        if "notice" in wanted:
            notices = parts.house.notices()
            fresh, known = [each for each in notices if each not in known], notices
            for each in fresh:
                yield Feed("notice", each)
        beat += 1
        await parts.clock.sleep(TICK_S)
