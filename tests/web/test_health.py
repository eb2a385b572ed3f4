from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kagami.errors import StoreClosed
from kagami.web import health
from kagami.web.health import STALL_MS, bots_state, examine, loop_state
from tests.web.doubles import SmallStore, StillHouse, make_parts, pulse


async def state(**parts: Any) -> str:
    return (await examine(make_parts(**parts))).state


async def test_a_sound_engine_is_ok() -> None:
    found = await examine(make_parts())
    assert (found.state, found.status, found.components["store"].figures) == ("ok", 200, {"bytes": 4_096})


async def test_a_broken_store_fails_the_engine() -> None:
    store = SmallStore()
    store.broken = StoreClosed(reason="the disk is full")
    found = await examine(make_parts(store=store))
    assert (found.state, found.status) == ("failed", 503)
    assert "the disk is full" in found.components["store"].reason


async def test_a_store_that_answers_and_cannot_be_written_fails_the_engine() -> None:
    found = await examine(make_parts(house=StillHouse(pulse(store_away=True))))
    assert (found.state, found.status, found.components["store"].reason) == ("failed", 503, "it cannot be written")


async def test_a_silent_store_fails_the_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(SmallStore):
        async def size(self) -> int:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    monkeypatch.setattr(health, "STORE_PATIENCE_S", 0.01)
    assert await state(store=Silent()) == "failed"


@pytest.mark.parametrize(("lag", "expected"), [(0, "ok"), (STALL_MS, "ok"), (STALL_MS + 1, "failed")])
def test_a_loop_that_stood_still_has_failed(lag: float, expected: str) -> None:
    assert loop_state(pulse(loop_lag_ms=lag)).state == expected


@pytest.mark.parametrize("figures", [{"offline": 1}, {"troubled": 1}])
async def test_a_bot_that_is_away_troubles_and_fails_nothing(figures: dict[str, int]) -> None:
    found = await examine(make_parts(house=StillHouse(pulse(online=1, **figures))))
    assert (found.state, found.status) == ("troubled", 200)


def test_bots_are_counted() -> None:
    assert bots_state(pulse(online=2, offline=1)).figures == {"online": 2, "troubled": 0, "offline": 1}
