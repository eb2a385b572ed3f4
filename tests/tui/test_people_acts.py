from __future__ import annotations

from kagami.operations.people import (
    Add,
    Disable,
    Enable,
    EndSession,
    MakeToken,
    Remove,
    RevokeToken,
    SetPassword,
    SetRole,
)
from tests.tui.configured import Configured, opened
from tests.tui.pilot import on_screen, press, settled


async def test_a_person_is_added_and_the_password_shown_once() -> None:
    control = Configured()
    async with opened(control, tab="o") as (place, console, pilot):
        await press(console, pilot, "a", *"mira", "enter", "j", "enter")
        assert control.asked(Add) == [Add(name="mira", role="operator")]
        assert on_screen(console, "correct horse battery")
        await press(console, pilot, "y", "enter")
        assert on_screen(console, "correct horse battery")
        await press(console, pilot, "escape")
        assert not on_screen(console, "correct horse battery")
        assert place.people.person is not None
        assert place.people.person.name == "mira"


async def test_rights_of_ones_own_are_picked() -> None:
    control = Configured()
    async with opened(control, tab="o") as (_, console, pilot):
        await press(console, pilot, "a", *"mira", "enter", "j", "j", "j", "enter", "space", "j", "j", "space", "enter")
        assert control.asked(Add) == [Add(name="mira", role="custom", scopes=["*:read", "audit:read"])]


async def test_a_role_a_password_and_being_locked_out_have_ways_back_where_there_are_some() -> None:
    control = Configured()
    async with opened(control, tab="o") as (place, console, pilot):
        place.people.table.select("person:bob")
        await press(console, pilot, "R", "j", "enter")
        assert on_screen(console, "0 end; they log in again")
        await press(console, pilot, "right", "enter", "u")
        assert [each.role for each in control.asked(SetRole)] == ["viewer", "operator"]

        await press(console, pilot, "w", "right", "enter")
        assert control.asked(SetPassword) == [SetPassword(name="bob")]
        await press(console, pilot, "escape", "x", "enter")
        assert not control.asked(Disable)
        await press(console, pilot, "x", "right", "enter")
        assert control.asked(Disable) == [Disable(name="bob")]
        await press(console, pilot, "x")
        assert control.asked(Enable) == [Enable(name="bob")]


async def test_only_the_typed_name_removes() -> None:
    control = Configured()
    async with opened(control, tab="o") as (place, console, pilot):
        place.people.table.select("person:bob")
        await press(console, pilot, "D", *"bo", "enter")
        assert not control.asked(Remove)
        await press(console, pilot, "b", "enter")
        assert control.asked(Remove) == [Remove(name="bob")]
        assert place.people.table.key != "person:bob"


async def test_a_token_is_made_with_picked_rights_shown_once_and_revoked() -> None:
    control = Configured()
    async with opened(control, tab="o") as (place, console, pilot):
        await press(console, pilot, "T", *"bot", "enter", "enter")
        assert on_screen(console, "nothing is ticked")
        await press(console, pilot, "space", "enter", "j", "enter")
        assert control.asked(MakeToken) == [MakeToken(name="bot", scopes=["*:read"], days=30)]
        assert on_screen(console, "kgm_0123456789abcdefghijklmnopqrstuvwxyz")
        await press(console, pilot, "escape")
        assert place.people.token is not None
        await press(console, pilot, "D", "right", "enter")
        assert control.asked(RevokeToken) == [RevokeToken(id="t9")]


async def test_a_session_is_ended() -> None:
    control = Configured()
    async with opened(control, tab="o") as (place, console, pilot):
        place.people.table.select("session:s1")
        await press(console, pilot, "D")
        assert control.asked(EndSession) == [EndSession(id="s1")]


async def test_only_rights_that_one_has_are_offered() -> None:
    async with opened(tab="o") as (place, console, pilot):
        console.rights = ("*:read", "people:write")
        await settled(console, pilot)
        keys = {offer.key for offer in place.staff.offers()}
        assert "*:read" in keys
        assert "*" not in keys
        assert "settings:write" not in keys
