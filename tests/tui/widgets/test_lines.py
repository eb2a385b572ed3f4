from __future__ import annotations

from kagami.log import LogLine
from kagami.tui.widgets.lines import KEPT, Edge, LineView, Wanted, shown_text
from tests.tui.stand import Stand, standing
from tests.tui.world import ERROR, WARNING, line


def view_of(stand: Stand) -> LineView:
    assert isinstance(stand.widget, LineView)
    return stand.widget


def block(first: int, last: int) -> list[LogLine]:
    return [line(seq, f"line {seq}") for seq in range(first, last + 1)]


def wanted(stand: Stand) -> list[bool]:
    return [each.older for each in stand.posted if isinstance(each, Wanted)]


async def test_it_shows_the_end_and_follows_it() -> None:
    async with standing(LineView, (60, 5)) as (stand, pilot):
        view = view_of(stand)
        view.load(block(1, 50), at_end=True)
        view.append(block(51, 52), at_end=True)
        await pilot.pause()
        assert view.following
        assert [row.split("line ")[1].split()[0] for row in stand.text()] == ["48", "49", "50", "51", "52"]


async def test_moving_up_stops_following_and_the_window_stands_still() -> None:
    async with standing(LineView, (60, 5)) as (stand, pilot):
        view = view_of(stand)
        view.load(block(1, 50), at_end=True)
        await pilot.press("k")
        before = stand.text()
        view.append(block(51, 60), at_end=True)
        await pilot.pause()
        assert not view.following
        # All but the scroll bar, which now says that there is more below.
        assert [row[:50] for row in stand.text()] == [row[:50] for row in before]


async def test_only_so_many_lines_are_held_and_the_oldest_go_first() -> None:
    async with standing(LineView) as (stand, _):
        view = view_of(stand)
        view.load(block(1, KEPT), at_end=True)
        view.append(block(KEPT + 1, KEPT + 10), at_end=True)
        assert (view.oldest, view.newest, view.length()) == (11, KEPT + 10, KEPT)


async def test_older_lines_push_out_the_newest_and_the_end_is_no_longer_held() -> None:
    async with standing(LineView) as (stand, _):
        view = view_of(stand)
        view.load(block(1_000, 999 + KEPT), at_end=True)
        view.pause()
        view.prepend(block(900, 999))
        assert (view.oldest, view.newest, view.at_end) == (900, 899 + KEPT, False)


async def test_older_lines_leave_the_cursor_on_its_line() -> None:
    async with standing(LineView) as (stand, pilot):
        view = view_of(stand)
        view.load(block(100, 200), at_end=True)
        await pilot.press("k", "k")
        view.prepend(block(50, 99))
        assert view.key == "198"


async def test_near_the_start_older_lines_are_asked_for_once() -> None:
    async with standing(LineView) as (stand, pilot):
        view = view_of(stand)
        view.load(block(100, 140), at_end=True)
        await pilot.press("pageup", "pageup", "pageup", "k", "k")
        assert wanted(stand) == [True]
        view.prepend([])
        await pilot.press("k", "k")
        assert wanted(stand) == [True]


async def test_near_an_end_that_is_not_the_newest_line_more_is_asked_for() -> None:
    async with standing(LineView) as (stand, pilot):
        view_of(stand).load(block(100, 180), at_end=False, cursor=170)
        await pilot.pause()
        assert wanted(stand) == [False]


async def test_the_edges_are_the_ring_s_and_not_the_window_s() -> None:
    async with standing(LineView) as (stand, pilot):
        view_of(stand).load(block(100, 180), at_end=True)
        await pilot.press("g", "G")
        assert [each.older for each in stand.posted if isinstance(each, Edge)] == [True, False]


async def test_levels_have_a_letter_and_a_bar() -> None:
    async with standing(LineView, (60, 4)) as (stand, pilot):
        view_of(stand).load([line(1, "a", level=WARNING), line(2, "b", level=ERROR), line(3, "c")], at_end=True)
        await pilot.pause()
        rows = stand.text()
        assert rows[0].startswith("▌")
        assert [row.split()[1] for row in rows[:3]] == ["W", "E", "I"]


async def test_a_marked_line_carries_a_sign() -> None:
    async with standing(LineView, (60, 4)) as (stand, pilot):
        view_of(stand).load(block(1, 3), at_end=True)
        view_of(stand).mark_line()
        await pilot.press("k")
        assert stand.text()[2].startswith("+")
        await pilot.press("j")
        view_of(stand).mark_line()
        assert not view_of(stand).marked


async def test_hits_are_found_whatever_their_case_and_lit() -> None:
    async with standing(LineView, (60, 4)) as (stand, pilot):
        view = view_of(stand)
        view.load([line(1, "TimeoutError"), line(2, "fine"), line(3, "a timeout b")], at_end=True)
        view.find("timeout")
        await pilot.pause()
        assert view.hits() == [0, 2]
        strip = stand.screen._compositor.render_strips()[0]
        lit = [segment.text for segment in strip if segment.style and segment.style == stand.looks.style("hit")]
        assert "".join(lit) == "Timeout"


async def test_jumping_goes_to_the_next_row_and_says_when_there_is_none() -> None:
    async with standing(LineView) as (stand, _):
        view = view_of(stand)
        view.load([line(1, "x", level=ERROR), line(2, "y"), line(3, "z", level=ERROR)], at_end=True)
        assert view.jump(view.errors, -1)
        assert view.key == "1"
        assert not view.jump(view.errors, -1)
        assert view.jump(view.errors, 1)
        assert view.key == "3"
        assert not view.following


def test_a_line_is_one_row_with_its_fields_and_without_its_ids() -> None:
    shown = shown_text(line(1, "sent\nnow", ms="45", execution="0193", traceback="a\nb\nc"))
    assert shown == "sent↵now  ms=45  [3 lines]"


async def test_an_error_far_away_shows_on_the_scroll_bar() -> None:
    async with standing(LineView, (60, 5)) as (stand, pilot):
        view_of(stand).load([line(1, "bad", level=ERROR), *block(2, 200)], at_end=True)
        await pilot.pause()
        rows = stand.text()
        assert rows[0].endswith("!")
        assert rows[1].endswith("│")
        assert rows[4].endswith("▓")
