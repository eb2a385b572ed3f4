from __future__ import annotations

import msgspec
from textual.widget import Widget

from kagami.model.ids import ChatId, execution_id
from kagami.tui.neighbours import EACH_WAY, Neighbours
from tests.tui.engine import NOW_MS
from tests.tui.stand import Stand, standing
from tests.tui.world import World, trace_of


async def test_the_messages_around_one_are_those_of_its_chat_the_oldest_first() -> None:
    world = World()
    made = [
        msgspec.structs.replace(
            trace_of(1, f"m{place}", chat=ChatId("group:7" if place % 2 else "group:8")),
            execution=execution_id(NOW_MS + place * 1_000, place),
            started_ms=NOW_MS + place * 1_000,
        )
        for place in range(20)
    ]
    world.traces = made
    near: list[Neighbours] = []

    def make(stand: Stand) -> Widget:
        stand.control = world
        near.append(Neighbours(stand))
        return near[0].table

    async with standing(make, (60, 20)) as (_, _pilot):
        await near[0].read(made[9])
        assert [row.cells[2].text for row in near[0].table.rows] == [f"m{place}" for place in range(1, 20, 2)]
        assert near[0].table.key == made[9].execution
        assert (near[0].beside(-1), near[0].beside(1)) == (made[7].execution, made[11].execution)
        await near[0].read(made[1])
        assert near[0].beside(-1) == ""
        assert len(near[0].table.rows) == 1 + EACH_WAY
