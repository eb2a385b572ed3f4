from __future__ import annotations

from kagami.tui.widgets.transcript import MOST_ROWS, Entry, Transcript
from tests.tui.engine import NOW_MS
from tests.tui.stand import Stand, standing


def entry(number: int, text: str = "hi", **values: str) -> Entry:
    return Entry(str(number), NOW_MS + number * 1_000, "小明", text, **values)


def said_of(stand: Stand) -> Transcript:
    assert isinstance(stand.widget, Transcript)
    return stand.widget


async def test_an_entry_shows_when_who_and_what() -> None:
    async with standing(Transcript, (60, 4)) as (stand, pilot):
        said_of(stand).show([entry(1, "你好", note="late")])
        await pilot.pause()
        assert stand.text()[:2] == [" ▶ 23:41:08 小明       你好", "                       late"]


async def test_long_and_broken_texts_are_rows_of_their_own() -> None:
    async with standing(Transcript, (50, 6)) as (stand, pilot):
        said_of(stand).show([entry(1, "first line\nsecond " + "word " * 6)])
        await pilot.pause()
        blank = " " * 23
        assert stand.text()[:3] == [
            " ▶ 23:41:08 小明       first line",
            blank + "second word word word word",
            blank + "word word",
        ]


async def test_new_entries_are_followed_from_the_last_one() -> None:
    async with standing(Transcript, (60, 4)) as (stand, pilot):
        said = said_of(stand)
        said.show([entry(each) for each in range(10)])
        said.show([entry(each) for each in range(11)])
        await pilot.pause()
        assert said.key == "10"
        assert "23:41:17" in stand.text()[-1]


async def test_an_older_entry_keeps_the_cursor_while_new_ones_come() -> None:
    async with standing(Transcript, (60, 4)) as (stand, pilot):
        said = said_of(stand)
        said.show([entry(each) for each in range(10)])
        await pilot.press("k", "k")
        said.show([entry(each) for each in range(20)])
        assert said.key == "7"


async def test_the_cursor_goes_from_entry_to_entry() -> None:
    async with standing(Transcript, (50, 8)) as (stand, pilot):
        said = said_of(stand)
        said.show([entry(1, "a\nb\nc"), entry(2), entry(3, "d\ne")])
        seen = []
        for key in ("k", "k", "k", "j", "j"):
            await pilot.press(key)
            seen.append(said.key)
        assert seen == ["2", "1", "1", "2", "3"]


async def test_another_width_flows_anew_and_keeps_the_end() -> None:
    async with standing(Transcript, (80, 6)) as (stand, pilot):
        said_of(stand).show([entry(each, "word " * 10) for each in range(6)])
        await pilot.resize_terminal(40, 6)
        await pilot.pause()
        assert said_of(stand).key == "5"
        assert max(map(len, stand.text())) <= 40


async def test_nothing_said_shows_its_own_rows() -> None:
    async with standing(Transcript, (60, 4)) as (stand, pilot):
        said_of(stand).show([])
        await pilot.press("j", "k", "G", "enter")
        assert said_of(stand).key == ""
        assert said_of(stand).entry is None


async def test_a_text_that_is_cut_says_so() -> None:
    async with standing(Transcript, (60, MOST_ROWS + 3)) as (stand, pilot):
        said_of(stand).show([entry(1, "\n".join(map(str, range(MOST_ROWS + 2))))])
        await pilot.pause()
        assert [row.strip() for row in stand.text()[MOST_ROWS - 1 : MOST_ROWS + 2]] == [str(MOST_ROWS - 1), "…", ""]
