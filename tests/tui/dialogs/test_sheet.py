from __future__ import annotations

from kagami.tui.dialogs.sheet import ActionSheet
from kagami.tui.keys import Action
from tests.tui.pilot import on_screen, press, run_console, settled

OFFERS = (
    (Action("a.open", ("o",), "open", "Open it"), ""),
    (Action("a.drop", ("d",), "drop", "Drop it"), "it is not here"),
)


async def test_a_letter_enter_and_esc() -> None:
    for keys, answer in ((("o",), "a.open"), (("enter",), "a.open"), (("escape",), ""), (("space",), "")):
        async with run_console() as (console, pilot):
            answers: list[str | None] = []
            console.push_screen(ActionSheet(console, "thing", OFFERS), answers.append)
            await settled(console, pilot)
            await press(console, pilot, *keys)
            assert answers == [answer]


async def test_a_blocked_action_keeps_the_sheet_and_says_why() -> None:
    async with run_console() as (console, pilot):
        answers: list[str | None] = []
        console.push_screen(ActionSheet(console, "thing", OFFERS), answers.append)
        await settled(console, pilot)
        assert on_screen(console, "it is not here")
        await press(console, pilot, "down", "enter")
        assert answers == []
