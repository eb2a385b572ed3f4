from __future__ import annotations

from dataclasses import replace

from kagami.core.turnstile import BURST, Turnstile
from kagami.model.ids import execution_ms
from kagami.testing.adapters import open_kit
from kagami.testing.clock import FakeClock, settle


async def test_ids_of_one_moment_differ_and_carry_it() -> None:
    async with open_kit() as kit:
        made = {kit.execution(1_700_000_000_000) for _ in range(100)}
    assert len(made) == 100
    assert {execution_ms(each) for each in made} == {1_700_000_000_000}


async def test_who_comes_when_many_do_waits_for_its_turn() -> None:
    clock = FakeClock()
    async with open_kit(clock=clock) as opened:
        kit = replace(opened, turnstile=Turnstile())
        turns = [kit.nursery.start("turn", kit.turn()) for _ in range(BURST + 1)]
        await settle()
        await clock.advance(0)
        assert [turn.done() for turn in turns] == [True] * BURST + [False]
        await clock.advance(1)
        assert turns[-1].done()


async def test_nobody_waits_where_there_is_no_turnstile() -> None:
    async with open_kit(clock=FakeClock()) as kit:
        await kit.turn()
