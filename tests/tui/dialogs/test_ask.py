from __future__ import annotations

from kagami.tui.dialogs.ask import Ask
from kagami.tui.shell import Question
from tests.tui.pilot import press, run_console, screen_text, settled

LONG = Question("Sure?", (("After", "word " * 30),), keep="Keep", go="Do it")


async def test_long_consequences_are_folded_and_the_buttons_stay() -> None:
    async with run_console() as (console, pilot):
        console.push_screen(Ask(console, LONG, ("Keep", "Do it")))
        await settled(console, pilot)
        text = screen_text(console)
        assert sum("word word" in row for row in text) >= 3
        assert any("[ Keep ]" in row and "[ Do it ]" in row for row in text)


async def test_arrows_go_round() -> None:
    async with run_console() as (console, pilot):
        ask = Ask(console, LONG, ("A", "B", "C"))
        console.push_screen(ask)
        await settled(console, pilot)
        await press(console, pilot, "left")
        assert ask.chosen == 2
        await press(console, pilot, "tab")
        assert ask.chosen == 0


async def test_a_button_can_be_clicked() -> None:
    async with run_console() as (console, pilot):
        answers: list[int | None] = []
        console.push_screen(Ask(console, LONG, ("Keep", "Do it")), answers.append)
        await settled(console, pilot)
        y = next(y for y, row in enumerate(screen_text(console)) if "[ Do it ]" in row)
        await pilot.click(offset=(screen_text(console)[y].index("Do it"), y))
        await settled(console, pilot)
        assert answers == [1]


async def test_foreign_text_in_a_question_is_cells() -> None:
    async with run_console() as (console, pilot):
        question = Question("Drop [b]x\x1b[31m[/b]?", (("Now", "\x1b]52;c;eA==\x07[@click=app.quit]"),), "Keep", "Go")
        console.push_screen(Ask(console, question, ("Keep", "Go")))
        await settled(console, pilot)
        text = "\n".join(screen_text(console))
        assert "[b]x␛[31m[/b]" in text
        assert "␛]52;c;eA==␇[@click=app.quit]" in text


async def test_on_a_narrow_screen_no_consequence_is_cut_and_buttons_are_in_the_middle() -> None:
    async with run_console((60, 20)) as (console, pilot):
        question = Question("走？", (("之后", "字" * 100 + "完"),), keep="留下", go="离开")
        console.push_screen(Ask(console, question, ("留下", "离开")))
        await settled(console, pilot)
        text = screen_text(console)
        assert any("完" in row for row in text)
        row = next(row for row in text if "[ 留下 ]" in row)
        before, _, after = row.strip().strip("┃").partition("[ 留下 ]  [ 离开 ]")
        assert abs(len(before) - len(after)) <= 3
