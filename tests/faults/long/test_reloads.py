"""A hundred reloads under load."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.reloading import BROKEN_AT, CHATS, RELOADS

ROOT = Path(__file__).parents[3]


async def seen(home: Path) -> dict[str, Any]:
    """In a fresh process, so that what other tests left in this one is not measured."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.faults.reloading", str(home), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await child.communicate()
    assert child.returncode == 0
    found: dict[str, Any] = json.loads(told)
    return found


@pytest.mark.timeout(180)
async def test_a_hundred_reloads_under_load_lose_double_and_leak_nothing(tmp_path: Path) -> None:
    past = await seen(tmp_path)
    assert past["said"] > RELOADS
    assert len(past["heard"]) == past["said"]
    assert {number: said for number, said in past["heard"].items() if len(said) != 1} == {}
    assert (past["survivors"], past["stayed"]) == ([], [BROKEN_AT])
    assert list(past["failed"]) == [f"1.1.{BROKEN_AT}"]
    assert "no such table" in past["failed"][f"1.1.{BROKEN_AT}"]
    assert past["grown_mb"] < 10
    # Within a chat versions only go up: nobody is sent back to what was replaced.
    answers = [said[0] for _, said in sorted(past["heard"].items(), key=lambda item: int(item[0]))]
    for chat in range(CHATS):
        numbers = [tuple(map(int, version.split("."))) for version, where in answers if where == chat]
        assert numbers == sorted(numbers)
