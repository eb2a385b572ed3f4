from __future__ import annotations

from kagami.tui.dialogs.once import Once
from tests.tui.pilot import on_screen, press, run_console


async def test_a_secret_is_shown_in_full_copied_and_closed_by_escape_alone() -> None:
    async with run_console((60, 20)) as (console, pilot):
        secret = "kgm_" + "0123456789" * 8
        console.push_screen(Once(console, "The token", secret, "It is shown this once."))
        await press(console, pilot, "enter", "space", "y")
        shown = "".join(row.strip(" ┃") for row in (line for line in _lines(console.screen)))
        assert secret in shown
        assert on_screen(console, "Copied 84 characters")
        await press(console, pilot, "escape", "escape")
        assert len(console.screen_stack) == 1


def _lines(screen: object) -> list[str]:
    assert isinstance(screen, Once)
    return ["".join(span.text for span in line).strip() for line in screen.rows(50, 20)]
