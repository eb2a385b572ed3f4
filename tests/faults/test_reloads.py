"""A hundred reloads under load."""

from __future__ import annotations

import asyncio
import gc
from itertools import count
from pathlib import Path

import psutil
import pytest

from kagami.operations.plugins import ListPlugins, Reload
from tests.faults.plugins import BROKEN, CODE, every, running, write_version

RELOADS = 100
RATE = 200
CHATS = 40
BROKEN_AT = 50


def rss() -> float:
    """Megabytes of this process."""
    gc.collect()
    return float(psutil.Process().memory_info().rss) / 1e6


@pytest.mark.timeout(180)
async def test_a_hundred_reloads_under_load_lose_double_and_leak_nothing(tmp_path: Path) -> None:
    write_version(tmp_path, "1.0.0")
    async with running(tmp_path) as (engine, people):
        turn = count()
        load = asyncio.ensure_future(every(1 / RATE, lambda: people.say(next(turn) % CHATS)))
        for number in range(5):
            write_version(tmp_path, f"1.0.{number + 1}")
            await engine.call(Reload(plugin="count"))
        before = rss()
        survivors, stayed = [], []
        for number in range(RELOADS):
            version = f"1.1.{number}"
            write_version(tmp_path, version, BROKEN if number == BROKEN_AT else CODE)
            (row,) = await engine.call(Reload(plugin="count"))
            survivors += row.survivors
            stayed += [number] if row.error else []
        load.cancel()
        await people.until(lambda: len(people.heard) == people.said)
        grown = rss() - before
        (plugin,) = (each for each in await engine.call(ListPlugins()) if each.id == "count")
        failed = [each for each in plugin.versions if each.state == "failed"]

    assert people.said > RELOADS
    assert {number: said for number, said in people.heard.items() if len(said) != 1} == {}
    assert (survivors, stayed) == ([], [BROKEN_AT])
    assert [each.version for each in failed] == [f"1.1.{BROKEN_AT}"]
    assert "no such table" in failed[0].error
    assert grown < 10
    # Within a chat versions only go up: nobody is sent back to what was replaced.
    for chat in range(CHATS):
        versions = [said[0][0] for _, said in sorted(people.heard.items()) if said[0][1] == chat]
        numbers = [tuple(map(int, version.split("."))) for version in versions]
        assert numbers == sorted(numbers)
