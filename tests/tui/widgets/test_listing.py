from __future__ import annotations

import pytest
from textual.events import MouseScrollDown, MouseScrollUp

from kagami.tui.widgets.listing import Chosen, Listing, Moved
from kagami.tui.widgets.painted import Line, Span
from tests.tui.stand import Stand, standing


class Numbers(Listing):
    """A hundred rows under one title."""

    count = 100

    def length(self) -> int:
        return self.count

    def key_at(self, index: int) -> str:
        return f"k{index}"

    def head(self, width: int) -> list[Line]:
        return [[Span("TITLE")]]

    def item(self, index: int, width: int, *, chosen: bool) -> Line:
        return [self.marker(chosen=chosen), Span(f"row {index}")]


def posted(stand: Stand, kind: type[Chosen | Moved]) -> list[str]:
    return [each.key for each in stand.posted if isinstance(each, kind)]


async def test_the_title_stays_and_rows_fill_the_rest() -> None:
    async with standing(Numbers) as (stand, _):
        assert stand.text()[:3] == ["TITLE", " ▶ row 0", "   row 1"]


@pytest.mark.parametrize(
    ("keys", "index"),
    [
        ("down j", 2),
        ("down up", 0),
        ("G", 99),
        ("end", 99),
        ("G g", 0),
        ("G home", 0),
        ("pagedown", 8),
        ("pagedown pageup", 0),
        ("k", 0),
    ],
)
async def test_keys_move_the_cursor(keys: str, index: int) -> None:
    async with standing(Numbers) as (stand, pilot):
        await pilot.press(*keys.split())
        assert isinstance(stand.widget, Numbers)
        assert stand.widget.index == index
        assert f" ▶ row {index}" in stand.text()


async def test_moving_tells_the_new_key_once() -> None:
    async with standing(Numbers) as (stand, pilot):
        await pilot.press("j", "k", "k")
        assert posted(stand, Moved) == ["k1", "k0"]


async def test_enter_opens_the_selected_row() -> None:
    async with standing(Numbers) as (stand, pilot):
        await pilot.press("j", "enter")
        assert posted(stand, Chosen) == ["k1"]


async def test_a_click_selects_and_a_second_one_opens() -> None:
    async with standing(Numbers) as (stand, pilot):
        await pilot.click(offset=(5, 4))
        assert posted(stand, Moved) == ["k3"]
        assert posted(stand, Chosen) == []
        await pilot.click(offset=(5, 4))
        assert posted(stand, Chosen) == ["k3"]


async def test_a_click_on_the_title_selects_nothing() -> None:
    async with standing(Numbers) as (stand, pilot):
        await pilot.click(offset=(1, 0))
        assert posted(stand, Moved) == posted(stand, Chosen) == []


async def test_the_wheel_moves_the_window_and_the_cursor_stays_inside() -> None:
    async with standing(Numbers) as (stand, pilot):
        widget = stand.widget
        assert isinstance(widget, Numbers)
        for event, top in ((MouseScrollDown, 3), (MouseScrollUp, 0)):
            widget.post_message(event(widget, 1, 1, 0, 1, 0, False, False, False))
            await pilot.pause()
            assert widget.top == top
            assert widget.top <= widget.index < widget.top + widget.space


async def test_a_smaller_window_still_shows_the_cursor() -> None:
    async with standing(Numbers) as (stand, pilot):
        await pilot.press("pagedown")
        await pilot.resize_terminal(40, 4)
        await pilot.pause()
        assert " ▶ row 8" in stand.text()


async def test_no_rows_have_no_key_and_open_nothing() -> None:
    class Empty(Numbers):
        count = 0

    async with standing(Empty) as (stand, pilot):
        await pilot.press("j", "enter", "G")
        assert isinstance(stand.widget, Empty)
        assert stand.widget.key == ""
        assert posted(stand, Chosen) == []
