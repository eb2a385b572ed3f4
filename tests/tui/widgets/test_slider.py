from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest
from textual.pilot import Pilot

from kagami.tui.format import Tier
from kagami.tui.widgets.slider import Applied, Slider
from tests.tui.stand import Stand, standing


@asynccontextmanager
async def sliding(
    size: tuple[int, int] = (80, 3), tier: Tier = "full"
) -> AsyncIterator[tuple[Slider, Stand, Pilot[None]]]:
    async with standing(Slider, size, tier) as (stand, pilot):
        slider = cast(Slider, stand.widget)
        slider.show(25, "1.4.0")
        yield slider, stand, pilot


def applied(stand: Stand) -> list[int]:
    return [each.value for each in stand.posted if isinstance(each, Applied)]


async def test_nothing_is_applied_before_enter() -> None:
    async with sliding() as (slider, stand, pilot):
        await pilot.press("4", "0")
        assert slider.wanted == 40
        assert not applied(stand)
        await pilot.press("enter")
        assert applied(stand) == [40]


async def test_enter_without_a_wish_applies_nothing() -> None:
    async with sliding() as (_, stand, pilot):
        await pilot.press("enter")
        assert not applied(stand)


async def test_what_is_wanted_stands_beside_what_is() -> None:
    async with sliding() as (slider, stand, _):
        slider.move(15)
        assert "weight 25% → 40%  ⏎ apply" in stand.text()[0]
        assert slider.revert()
        assert "→" not in stand.text()[0].partition("0 │")[0]
        assert not slider.revert()


@pytest.mark.parametrize(
    ("keys", "wanted"),
    [("home", 0), ("end", 100), ("7", 7), ("1 0 0", 100), ("1 0 1", 1), ("4 2 backspace", 4), ("4 backspace", 0)],
)
async def test_keys_choose_exactly(keys: str, wanted: int) -> None:
    async with sliding() as (slider, _, pilot):
        await pilot.press(*keys.split())
        assert slider.wanted == wanted


@pytest.mark.parametrize(("step", "wanted"), [(-30, 0), (90, 100), (1, 26)])
async def test_steps_stay_within_the_scale(step: int, wanted: int) -> None:
    async with sliding() as (slider, _, _pilot):
        slider.move(step)
        assert slider.wanted == wanted


async def test_a_newer_value_leaves_the_wish_alone() -> None:
    async with sliding() as (slider, _, _pilot):
        slider.move(5)
        slider.show(0, "1.4.0")
        assert (slider.value, slider.wanted) == (0, 30)


@pytest.mark.parametrize(("width", "row"), [(80, 0), (42, 1)])
async def test_the_bar_is_dragged_with_the_mouse(width: int, row: int) -> None:
    async with sliding((width, 3)) as (slider, stand, pilot):
        text = stand.text()[row]
        first, last = text.index("│") + 1, text.rindex("│") - 1
        await pilot.mouse_down(offset=(first, row))
        assert slider.wanted == 0
        await pilot.hover(offset=(last, row))
        await pilot.mouse_up(offset=(last, row))
        assert slider.wanted == 100
        await pilot.hover(offset=(first, row))
        assert slider.wanted == 100


async def test_a_click_on_apply_applies() -> None:
    async with sliding() as (slider, stand, pilot):
        slider.move(1)
        await pilot.pause()
        await pilot.click(offset=(stand.text()[0].index("apply"), 0))
        assert applied(stand) == [26]


@pytest.mark.parametrize("tier", ["safe", "ascii"])
async def test_it_is_plain_where_signs_are_few(tier: Tier) -> None:
    async with sliding(tier=tier) as (_, stand, _pilot):
        assert "\n".join(stand.text()).isascii()
