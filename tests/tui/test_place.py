from __future__ import annotations

import asyncio
from pathlib import Path

from kagami.errors import Conflict, Denied, EngineAway
from kagami.operations.bots import Disconnect, ListBots
from kagami.tui.place import beside
from tests.tui.engine import FakeControl, house
from tests.tui.pilot import on_screen, press, run_console, settled, until


def test_a_style_lies_beside_its_screen(tmp_path: Path) -> None:
    (tmp_path / "a.tcss").write_text("Place {}")
    assert beside(str(tmp_path / "a.py")) == "Place {}"


async def test_an_error_is_shown_above_the_place_until_it_is_over() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2")
        good = control.answers[ListBots]

        def refuse(_: object) -> object:
            raise Denied(scope="bots:read")

        control.answers[ListBots] = refuse
        await console.read_place()
        console.tick()
        await settled(console, pilot)
        assert on_screen(console, "✗ This needs the right bots:read.")
        assert on_screen(console, "shiori")
        control.answers[ListBots] = good
        await console.read_place()
        console.tick()
        await settled(console, pilot)
        assert not on_screen(console, "This needs the right")


async def test_an_engine_that_is_away_is_no_error_of_the_place() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, _):
        assert console.stage.current is not None

        def away(_: object) -> object:
            raise EngineAway(address="there")

        control.answers[ListBots] = away
        await console.read_place()
        assert console.stage.current.trouble is None


async def test_it_never_reads_twice_at_a_time() -> None:
    control = FakeControl()
    gate, running, most = asyncio.Event(), [0], [0]

    async def slow() -> object:
        running[0] += 1
        most[0] = max(most[0], running[0])
        await gate.wait()
        running[0] -= 1
        return house()

    async with run_console(control=control) as (console, pilot):
        place = console.stage.current
        assert place is not None
        control.answers[ListBots] = lambda _: slow()
        for _ in range(3):
            place._tick()
            await pilot.pause()
        gate.set()
        await until(lambda: not running[0])
        assert most == [1]


async def test_a_refused_verb_is_told() -> None:
    control = FakeControl()

    def refuse(_: object) -> object:
        raise Conflict(reason="another operator holds it")

    control.answers[Disconnect] = refuse
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2", "d")
        await press(console, pilot, "right", "enter")
        await settled(console, pilot)
        assert on_screen(console, "another operator holds it")


async def test_keys_work_while_a_place_reads() -> None:
    control = FakeControl()
    gate = asyncio.Event()

    async def slow() -> object:
        await gate.wait()
        return house()

    async with run_console(control=control) as (console, pilot):
        control.answers[ListBots] = lambda _: slow()
        await pilot.press("2")
        await pilot.press("question_mark")
        await until(lambda: len(console.screen_stack) == 2)
        gate.set()
        await settled(console, pilot)
