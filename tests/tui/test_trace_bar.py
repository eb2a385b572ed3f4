from __future__ import annotations

import os
from typing import cast

from kagami.operations.traces import ListTraces
from kagami.tui.saving import exports
from kagami.tui.screens.trace import Trace
from tests.tui.pilot import on_screen, press, run_console, screen_text, until
from tests.tui.world import busy_world, execution


async def test_what_is_searched_for_is_shown_kept_and_taken_from_elsewhere() -> None:
    world = busy_world()
    async with run_console((120, 24), control=world) as (console, pilot):
        await press(console, pilot, "7", "slash", *"chat:99871", "space", "greater_than_sign", "1", "m", "s", "enter")
        place = cast(Trace, console.stage.current)
        asked = world.asked(ListTraces)[-1]
        assert (asked.chat, asked.slower_us) == ("99871", 1_000)
        assert [row.key for row in place.table.rows] == [execution(5)]
        assert "SEARCH chat:99871 >1ms  OUTCOME all" in screen_text(console)[2]
        assert (place.filter_text(), console.state.typed["trace"]) == ("chat:99871 >1ms", ["chat:99871 >1ms"])
        await press(console, pilot, "o")
        assert place.filter_text() == "chat:99871 >1ms outcome:handled"
        console.go("trace", execution(7)[-8:])
        await until(lambda: [row.key for row in place.table.rows] == [execution(7)])
        console.go("trace", "audit plugins.weigh")
        await until(lambda: len(place.audit.table.rows) == 2)


async def test_the_same_chat_is_walked_message_by_message_and_shown_traces_are_exported() -> None:
    async with run_console((140, 40), control=busy_world()) as (console, pilot):
        await press(console, pilot, "7", "e")
        place = cast(Trace, console.stage.current)
        assert place.opened == execution(7)
        await press(console, pilot, "K")
        assert place.one is not None
        assert place.one.trace.text == "今天天气真好"
        await press(console, pilot, "J")
        assert place.opened == execution(7)
        await press(console, pilot, "J")
        assert on_screen(console, "no message of this chat is known there")
        place.near.table.focus()
        await press(console, pilot, "k", "k")
        assert place.opened == execution(1)
        assert place.near.table.has_focus
        await press(console, pilot, "x")
        folder = exports(os.environ)
        await until(lambda: folder.is_dir() and any(folder.glob("kagami-traces-*.jsonl")))
        (made,) = folder.iterdir()
        assert [execution(1) in line for line in made.read_text("utf-8").splitlines()] == [True]
        while place.opened:  # what was told is read first
            await press(console, pilot, "escape")
        await press(console, pilot, "x")
        await until(lambda: len([*folder.glob("kagami-traces-*.jsonl")]) == 2)
        assert max(each.read_text("utf-8").count("\n") for each in folder.iterdir()) == 5
