from __future__ import annotations

from typing import get_args

from kagami.adapters.onebot11.abilities import ABILITIES
from kagami.i18n import translator
from kagami.model.ability import AbilityName
from kagami.tui.dialogs.abilities import NAMES, AbilityList
from tests.tui.pilot import on_screen, press, run_console


def test_every_ability_has_a_name_in_both_languages() -> None:
    chinese = translator("zh")
    assert set(NAMES) == set(get_args(AbilityName))
    assert [text for text in NAMES.values() if chinese(text) == text] == []


async def test_sending_and_receiving_are_told_apart_with_their_notes() -> None:
    async with run_console((80, 24)) as (console, pilot):
        await console.push_screen(AbilityList(console, "shiori", ABILITIES))
        await press(console, pilot)
        assert on_screen(console, "shiori: what it can do")
        assert on_screen(console, "pictures                   ✓ yes        ✓ yes")
        assert on_screen(console, "cards                      ◐ partly     ✓ yes        As the segments")
        await press(console, pilot, "G")
        assert on_screen(console, "nothing is sent twice      — no")
