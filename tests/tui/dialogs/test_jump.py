from __future__ import annotations

import pytest

from kagami.tui.dialogs.jump import LETTERS, Jump, labels, spots
from tests.tui.pilot import press, run_console, screen_text
from tests.tui.world import busy_world


@pytest.mark.parametrize("count", [0, 1, len(LETTERS), len(LETTERS) + 1, 100, len(LETTERS) ** 2])
def test_labels_are_different_and_none_begins_another(count: int) -> None:
    made = labels(count)
    assert len(set(made)) == count
    assert not any(one != other and other.startswith(one) for one in made[:60] for other in made)


@pytest.mark.parametrize("key", ["2", "3", "4", "6", "7", "9"])
async def test_every_visible_row_and_focusable_widget_has_one(key: str) -> None:
    async with run_console((100, 30), control=busy_world()) as (console, pilot):
        await press(console, pilot, key)
        found = spots(console.screen)
        focusable = [each for each in console.screen.focus_chain if each.region.area]
        places = {(spot.x, spot.y) for spot in found}
        for widget in focusable:
            assert any(widget.region.contains(x, y) for x, y in places), widget
        assert len(found) >= 9 + len(focusable)  # and the tabs


async def test_two_letters_narrow_what_is_shown() -> None:
    async with run_console((100, 30), control=busy_world()) as (console, pilot):
        await press(console, pilot, "3", "f")
        jump = console.screen
        assert isinstance(jump, Jump)
        many = sum(each.display for each in jump.children)
        await press(console, pilot, LETTERS[-1])
        assert 0 < sum(each.display for each in jump.children) < many
        await press(console, pilot, LETTERS[0])
        assert len(console.screen_stack) == 1
        assert screen_text(console)
