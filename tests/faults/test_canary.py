"""A canary in a whole engine: shares, no flips over restarts, and a bad one that is taken back by itself."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from pathlib import Path

import pytest

from kagami.operations.plugins import ListPlugins, Use, Weigh
from kagami.operations.system import Notices
from kagami.ports import PluginRow
from tests.faults.plugins import FAILING, every, running, write_version

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


async def test_a_canary_that_fails_is_taken_back_by_itself(tmp_path: Path) -> None:
    write_version(tmp_path, "1.0.0")
    write_version(tmp_path, "2.0.0", FAILING)
    async with running(tmp_path) as (engine, people):
        await engine.call(Use(plugin="count", version="1.0.0"))
        await engine.call(Weigh(plugin="count", weight=50, version="2.0.0"))
        turn = count()
        load = asyncio.ensure_future(every(1 / 100, lambda: people.say(next(turn) % CHATS)))
        began = time.monotonic()
        async with asyncio.timeout(60):
            # The notice comes last: the canary is gone from the row, then on disk, then people are told.
            while "canary_abort" not in [notice.kind for notice in await engine.call(Notices())]:
                await asyncio.sleep(0.1)
        took = time.monotonic() - began
        load.cancel()
        canary = (await row(engine)).canary
        after = await people.each(60)
    assert took < 60
    assert canary == ""
    assert set(after.values()) == {"1.0.0"}


async def row(engine: object) -> PluginRow:
    rows: list[PluginRow] = await engine.call(ListPlugins())  # type: ignore[attr-defined]
    return next(each for each in rows if each.id == "count")
