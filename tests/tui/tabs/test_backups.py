from __future__ import annotations

from kagami.operations.backup import DeleteBackup, VerifyBackup
from tests.tui.configured import Configured, opened
from tests.tui.pilot import on_screen, press


async def test_backups_are_made_verified_and_deleted() -> None:
    control = Configured()
    async with opened(control, tab="b") as (place, console, pilot):
        assert on_screen(console, "kagami restore backups/kagami-20251121-030000.zip")
        await press(console, pilot, "V")
        assert control.asked(VerifyBackup) == [VerifyBackup(name="kagami-20251121-030000.zip")]
        assert on_screen(console, "✓ verified")
        await press(console, pilot, "j")
        assert on_screen(console, "The hash of kagami.db is another one.")
        await press(console, pilot, "X", "right", "enter")
        assert control.asked(DeleteBackup) == [DeleteBackup(name="kagami-20251120-030000.zip")]
        await press(console, pilot, "B")
        assert on_screen(console, "Backup made and verified")
        assert place.backups.table.key == "kagami-20251121-234107.zip"


async def test_no_backup_says_which_key_makes_one() -> None:
    control = Configured()
    control.backups = []
    async with opened(control, tab="b") as (_, console, pilot):
        assert on_screen(console, "B   makes one now")
        await press(console, pilot, "V")
        assert on_screen(console, "there is no backup yet")


async def test_when_they_are_made_is_changed_here() -> None:
    async with opened(tab="b") as (place, console, pilot):
        await press(console, pilot, "tab", "tab", "enter", "backspace", "backspace", "6", "enter")
        assert place.draft.changes == {"backup.hours": 6.0}
