from __future__ import annotations

from kagami.tui.dialogs.levels import LevelSheet
from tests.tui.pilot import press, run_console, screen_text


async def test_each_level_has_its_count_and_the_present_one_is_marked() -> None:
    async with run_console() as (console, pilot):
        answers: list[str | None] = []
        console.push_screen(LevelSheet(console, "warning", {"error": 12}), answers.append)
        await press(console, pilot, "down")
        shown = [
            row.partition(" lines since")[0].split("┃")[-1] for row in screen_text(console) if "since the start" in row
        ]
        assert [row.split()[0] for row in shown] == ["D", "I", "W", "▶"]
        assert shown[-1].endswith(" 12")
        await press(console, pilot, "D")
        assert answers == ["debug"]
