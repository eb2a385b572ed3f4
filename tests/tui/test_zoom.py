from __future__ import annotations

from tests.tui.pilot import press, run_console, screen_text


async def test_another_layout_ends_it() -> None:
    async with run_console((140, 40)) as (console, pilot):
        await press(console, pilot, "2", "z")
        place = console.stage.current
        assert place is not None
        assert place.zoom.on
        await pilot.resize_terminal(100, 30)
        await press(console, pilot, "1", "2")
        assert not place.zoom.on


async def test_nothing_focused_is_nothing_to_zoom() -> None:
    async with run_console((140, 40)) as (console, pilot):
        await press(console, pilot, "2")
        place = console.stage.current
        assert place is not None
        assert not place.zoom.begin(None)
        assert not place.zoom.begin(console.rail)
        assert not place.zoom.end()
        assert "┏" in "\n".join(screen_text(console))
