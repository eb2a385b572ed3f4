from __future__ import annotations

from tests.tui.configured import Configured, opened
from tests.tui.pilot import on_screen, press, settled


async def test_everybody_stands_with_what_is_theirs() -> None:
    async with opened(tab="o") as (place, console, pilot):
        assert [each.key for each in place.people.table.rows] == [
            *("person:ann", "session:s1", "token:t1", "person:bob", "person:小明", "token:t2"),
            *("admin:qq:10001", "admin:telegram:42"),
        ]
        for key, text in (
            ("person:ann", "sessions 1, tokens 1"),
            ("session:s1", "203.0.113.9"),
            ("token:t2", "this machine's console"),
            ("person:小明", "locked out; x lets them in"),
        ):
            place.people.table.select(key)
            await settled(console, pilot)
            assert on_screen(console, text)


async def test_super_admins_are_changed_in_the_form() -> None:
    async with opened(tab="o") as (place, console, pilot):
        place.people.table.select("admin:qq:10001")
        await press(console, pilot, "enter", ",", "q", "q", ":", "2", "enter")
        assert place.draft.changes == {"admins": ["qq:10001", "telegram:42", "qq:2"]}
        assert place.tab == "settings"


async def test_nobody_at_all_says_how_one_comes_here() -> None:
    control = Configured()
    control.people, control.sessions, control.tokens = [], [], []
    control.settings.pop("admins")
    async with opened(control, tab="o") as (_, console, pilot):
        assert on_screen(console, "Nobody can log in yet")
        await press(console, pilot, "R", "D")
        assert on_screen(console, "no person is marked")
