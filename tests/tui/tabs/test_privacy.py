from __future__ import annotations

from kagami.errors import UsageError
from kagami.operations.privacy import Mask, Masked
from tests.tui.configured import Configured, opened
from tests.tui.pilot import on_screen, press, until


async def test_a_text_is_masked_as_one_types_and_asked_about_once() -> None:
    control = Configured()
    async with opened(control, tab="v") as (place, console, pilot):
        await pilot.press("i", *"call 13800138000")
        await until(lambda: on_screen(console, "call [phone-1]"))
        assert control.asked(Mask)[-1] == Mask(text="call 13800138000")
        assert on_screen(console, "message:41")
        await press(console, pilot, "escape")
        assert place.privacy.form.table.has_focus


async def test_its_settings_are_changed_here_and_wait_with_all_others() -> None:
    async with opened(tab="v") as (place, console, pilot):
        await press(console, pilot, "enter")
        assert place.draft.changes == {"privacy.enabled": False}
        assert on_screen(console, "Settings •1")


async def test_a_refusal_is_told_in_the_pane() -> None:
    control = Configured()

    def refuse(_: Mask) -> Masked:
        raise UsageError(reason="The text is too long.")

    control.answers[Mask] = refuse
    async with opened(control, tab="v") as (_, console, pilot):
        await pilot.press("i", "x")
        await until(lambda: on_screen(console, "The text is too long."))
