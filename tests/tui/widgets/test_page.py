from __future__ import annotations

from kagami.tui.looks import looks
from kagami.tui.widgets.page import Page, fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from tests.tui.stand import Stand, standing

LOOKS = looks("full", "night")


def numbered(_width: int) -> list[Line]:
    return [[Span(f"row {each}")] for each in range(30)]


def page_of(stand: Stand) -> Page:
    assert isinstance(stand.widget, Page)
    return stand.widget


def plain(lines: list[Line]) -> list[str]:
    return ["".join(span.text for span in line).rstrip() for line in lines]


async def test_keys_roll_it_between_its_ends() -> None:
    async with standing(Page, (20, 5)) as (stand, pilot):
        page_of(stand).show(numbered)
        for key, first in (("j", "row 1"), ("pagedown", "row 5"), ("G", "row 25"), ("j", "row 25"), ("g", "row 0")):
            await pilot.press(key)
            assert stand.text()[0] == first


async def test_something_else_is_shown_from_its_top() -> None:
    async with standing(Page, (20, 5)) as (stand, pilot):
        page_of(stand).show(numbered)
        await pilot.press("G")
        page_of(stand).show(numbered)
        await pilot.pause()
        assert stand.text()[0] == "row 0"


async def test_a_newer_state_of_the_same_keeps_its_place() -> None:
    async with standing(Page, (20, 5)) as (stand, pilot):
        page_of(stand).show(numbered)
        await pilot.press("j", "j")
        page_of(stand).show(numbered, keep_place=True)
        await pilot.pause()
        assert stand.text()[0] == "row 2"


def test_a_paragraph_wraps_foreign_text() -> None:
    assert plain(paragraph("one two\x1bx three four", 12, LOOKS)) == [" one two␛x", " three four"]


def test_a_long_value_goes_on_under_itself() -> None:
    assert plain(fact("来源", "0193-aaaa-bbbb", 20, LOOKS)) == [" 来源      0193-aaa", "           a-bbbb"]
