from __future__ import annotations

from tests.tui.pilot import press, run_console


async def test_a_place_is_made_once_and_keeps_its_state() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "j", "j")
        first = console.stage.current
        await press(console, pilot, "1", "2")
        assert console.stage.current is first
        assert console.stage.current is not None
        assert console.stage.current.crumbs() == ()
        assert console.stage.current.subject() == "tg-mirror"


async def test_one_place_is_seen_at_a_time() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        assert [(place.NAME, place.seen, place.display) for place in console.stage.places] == [
            ("overview", False, False),
            ("bots", True, True),
        ]


async def test_a_new_visit_forgets_the_way_forward() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "left_square_bracket", "2")
        assert not await console.stage.walk(1)


async def test_the_same_place_twice_is_one_visit() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "2", "left_square_bracket")
        assert console.state.place == "overview"
