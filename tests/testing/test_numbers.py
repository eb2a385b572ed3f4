from __future__ import annotations

from kagami.core.numbers import candidate
from kagami.ports import Named
from kagami.testing.numbers import MemoryNumbers


async def test_it_gives_the_numbers_that_the_store_would() -> None:
    numbers = MemoryNumbers()
    assert await numbers.give({"ou_1": "group:1", "5": ""}) == {"ou_1": candidate("ou_1"), "5": 5}
    assert numbers.named == {candidate("ou_1"): Named("ou_1", "group:1")}
