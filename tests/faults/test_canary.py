"""A bad canary in a whole engine is taken back by itself; `tests/faults/long` has good ones."""

from __future__ import annotations

import asyncio
import time
from itertools import count
from pathlib import Path

from kagami.operations.plugins import ListPlugins, Use, Weigh
from kagami.operations.system import Notices
from kagami.ports import PluginRow
from tests.faults.plugins import FAILING, every, running, write_version

CHATS = 300


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
