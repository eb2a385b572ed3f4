from __future__ import annotations

import pytest

from kagami.ports import Notice
from kagami.tui.dialogs.notices import notice_text
from tests.tui.engine import NOTICES, NOW_MS, FakeControl
from tests.tui.pilot import on_screen, press, run_console, screen_text


async def test_notices_of_the_engine_and_toasts_are_kept_with_the_newest_first() -> None:
    async with run_console(control=FakeControl(notices=NOTICES)) as (console, pilot):
        console.say("copied", "22 characters")
        await press(console, pilot, "n")
        text = "\n".join(screen_text(console)).partition("━ Notices ━")[2]
        assert text.index("copied") < text.index("stocks could not be loaded") < text.index("qq-2 is refused")
        assert text.count("23:41:07 i copied  22 characters") == 1


async def test_nothing_reported_is_said() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "n")
        assert on_screen(console, "Nothing was reported yet.")


async def test_fields_are_arguments_and_never_templates() -> None:
    async with run_console() as (console, _):
        notice = Notice(NOW_MS, "error", "x", "{bot} failed", {"bot": "{0.__class__}"})
        assert notice_text(console, notice) == "{0.__class__} failed"


@pytest.mark.parametrize("text", ["{missing}", "{", "{0}"])
async def test_an_engine_with_other_fields_does_no_harm(text: str) -> None:
    async with run_console() as (console, _):
        assert notice_text(console, Notice(NOW_MS, "info", "x", text)) == text
