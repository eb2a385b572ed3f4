"""A canary in a whole engine that is started again and again: its share is kept, and no chat changes its version."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagami.operations.plugins import Use, Weigh
from tests.faults.plugins import running, write_version

CHATS = 300
WEIGHTS = (10, 25, 50, 51, 20)
ROUNDS = 4


@pytest.mark.timeout(240)
async def test_three_hundred_chats_keep_their_version_over_twenty_restarts(tmp_path: Path) -> None:
    for version in ("1.0.0", "2.0.0"):
        write_version(tmp_path, version)
    async with running(tmp_path) as (engine, people):
        await engine.call(Use(plugin="count", version="1.0.0"))
        await people.each(CHATS)
        await engine.call(Weigh(plugin="count", weight=WEIGHTS[-1], version="2.0.0"))
        before = await people.each(CHATS)
    weight, shares, flips = WEIGHTS[-1], [], []
    for _ in range(ROUNDS):
        for wanted in WEIGHTS:
            async with running(tmp_path) as (engine, people):
                same = await people.each(CHATS)
                flips += [chat for chat in range(CHATS) if same[chat] != before[chat]]
                await engine.call(Weigh(plugin="count", weight=wanted))
                now = await people.each(CHATS)
            # Raised, chats only join the canary; lowered, they only leave it.
            back = "1.0.0" if wanted >= weight else "2.0.0"
            flips += [chat for chat in range(CHATS) if now[chat] != same[chat] and now[chat] == back]
            shares.append(abs(sum(version == "2.0.0" for version in now.values()) / CHATS - wanted / 100))
            before, weight = now, wanted
    assert flips == []
    assert max(shares) <= 0.03
