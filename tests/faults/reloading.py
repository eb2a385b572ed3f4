"""A hundred reloads under load: `python -m tests.faults.reloading HOME` prints what it saw as JSON."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from kagami.operations.plugins import ListPlugins, Reload
from tests.faults.plugins import BROKEN, CODE, every, running, write_version

WARM_UP = 20
RELOADS = 100
RATE = 200
CHATS = 40
BROKEN_AT = 50


def rss() -> float:
    """Megabytes of this process."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


async def observe(home: Path) -> dict[str, Any]:
    """`heard` are the answers by number, each with its version and its chat."""
    write_version(home, "1.0.0")
    async with running(home) as (engine, people):
        turn = count()
        load = asyncio.ensure_future(every(1 / RATE, lambda: people.say(next(turn) % CHATS)))
        for number in range(WARM_UP):
            write_version(home, f"1.0.{number + 1}")
            await engine.call(Reload(plugin="count"))
        before, said = rss(), people.said
        survivors, stayed = [], []
        for number in range(RELOADS):
            write_version(home, f"1.1.{number}", BROKEN if number == BROKEN_AT else CODE)
            (row,) = await engine.call(Reload(plugin="count"))
            survivors += row.survivors
            stayed += [number] if row.error else []
        load.cancel()
        await people.until(lambda: len(people.heard) == people.said)
        after, meant = rss(), people.said - said
        # As many messages again without a reload: what they alone fill, this script's own lists too.
        for _ in range(meant // CHATS):
            for chat in range(CHATS):
                await people.say(chat)
            await people.until(lambda: len(people.heard) == people.said)
        grown = (after - before) - max(0.0, rss() - after)
        (plugin,) = (each for each in await engine.call(ListPlugins()) if each.id == "count")
        failed = {each.version: each.error for each in plugin.versions if each.state == "failed"}
    return {
        "said": people.said,
        "heard": people.heard,
        "survivors": survivors,
        "stayed": stayed,
        "failed": failed,
        "grown_mb": grown,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(observe(Path(sys.argv[1])))))
