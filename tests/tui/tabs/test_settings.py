from __future__ import annotations

from tests.tui.configured import Configured, go, opened
from tests.tui.pilot import on_screen, press


async def test_a_narrow_screen_shows_groups_or_the_form() -> None:
    async with opened(size=(60, 16)) as (_, console, pilot):
        assert on_screen(console, "Delivery")
        assert not on_screen(console, "prefix")
        await press(console, pilot, "enter")
        assert on_screen(console, "prefix")
        await press(console, pilot, "escape")
        assert on_screen(console, "Delivery")


async def test_a_wide_screen_shows_what_will_change_and_what_was_changed() -> None:
    async with opened(Configured(), (140, 40)) as (place, console, pilot):
        await go(place, console, pilot, "hub.running")
        assert on_screen(console, "history of hub.running")
        assert on_screen(console, "100 → 200")
        await press(console, pilot, "enter", "backspace", "1", "enter")
        assert on_screen(console, "200 → 201")
        await press(console, pilot, "A", "enter")
        assert on_screen(console, "applied")


async def test_sideways_leads_into_the_form_and_back() -> None:
    async with opened() as (place, console, pilot):
        await press(console, pilot, "j", "right")
        assert place.all.form.table.has_focus
        await press(console, pilot, "left")
        assert place.all.groups.has_focus
        assert place.all.groups.key == "gateway"
