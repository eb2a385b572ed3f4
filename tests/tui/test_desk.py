from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from kagami.tui.clipboard import MOST_BYTES
from kagami.tui.shell import Question
from tests.tui.pilot import on_screen, press, run_console, screen_text, settled, until

QUESTION = Question("Sure?", (("After", "nothing is left"),), keep="Keep", go="Do it")


async def test_a_copy_is_reported() -> None:
    async with run_console() as (console, pilot):
        console.copy("你好")
        await settled(console, pilot)
        assert on_screen(console, "Copied 2 characters (OSC 52)")


async def test_what_is_too_long_goes_into_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with run_console() as (console, pilot):
        console.copy("x" * (MOST_BYTES + 1))
        await settled(console, pilot)
        assert on_screen(console, "Written to a file")
    assert (tmp_path / "kagami" / "copied.txt").stat().st_size == MOST_BYTES + 1


async def test_a_file_that_cannot_be_written_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "kagami").write_text("in the way")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with run_console() as (console, pilot):
        console.copy("x" * (MOST_BYTES + 1))
        await settled(console, pilot)
        assert on_screen(console, "Could not copy")


@pytest.mark.parametrize(("keys", "answer"), [(("enter",), False), (("right", "enter"), True), (("escape",), False)])
async def test_questions_default_to_no(keys: tuple[str, ...], answer: bool) -> None:
    async with run_console() as (console, pilot):
        asked: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        async def ask() -> None:
            asked.set_result(await console.ask(QUESTION))

        console.run_worker(ask())
        await until(lambda: len(console.screen_stack) == 2)
        await settled(console, pilot)
        assert on_screen(console, "nothing is left")
        await pilot.press(*keys)
        assert await asyncio.wait_for(asked, 5) is answer


async def test_going_quickly_ends_at_the_last_place() -> None:
    async with run_console() as (console, pilot):
        for name in ("bots", "overview", "bots"):
            console.go(name)
        await until(lambda: console.stage.current is not None and console.stage.current.NAME == "bots")
        await settled(console, pilot)
        assert [place.NAME for place in console.stage.places if place.display] == ["bots"]
        assert screen_text(console)[-2] == " Bots"


async def test_commands_are_remembered_once() -> None:
    async with run_console() as (console, _):
        for line in ("bots list", "logs", "bots list"):
            console.remember_command(line)
        assert console.state.commands == ["logs", "bots list"]


async def test_errors_of_the_engine_stay_in_the_pane() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        assert console.stage.current is not None
        console.stage.current.trouble = None
        console.tick()
        assert not console.stage.trouble.display


async def test_signs_chosen_anew_are_drawn_as_at_first() -> None:
    async with run_console() as (console, pilot):
        before = screen_text(console)[2:]
        console.dress(glyphs="ascii")
        await settled(console, pilot)
        assert screen_text(console)[2:] != before
        console.dress(glyphs="full")
        await settled(console, pilot)
        assert screen_text(console)[2:] == before
