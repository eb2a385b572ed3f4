from __future__ import annotations

import asyncio

from kagami.tui.shell import Question
from tests.tui.pilot import on_screen, press, run_console, settled, until

QUESTION = Question("Delete shiori?", (("After", "nothing is left"),), keep="Keep", go="Delete it")


async def _asked(keys: tuple[str, ...], name: str = "shiori") -> bool | None:
    """What the dialog answers to these keys; None while it is open."""
    async with run_console() as (console, pilot):
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        async def ask() -> None:
            answer.set_result(await console.ask_name(QUESTION, name))

        console.run_worker(ask())
        await until(lambda: len(console.screen_stack) == 2)
        await settled(console, pilot)
        assert on_screen(console, "nothing is left")
        assert on_screen(console, "to do it")
        await press(console, pilot, *keys)
        return answer.result() if answer.done() else None


async def test_only_the_name_does_it() -> None:
    assert await _asked((*"shiori", "enter")) is True


async def test_another_name_does_nothing_and_stays() -> None:
    assert await _asked((*"shior", "enter")) is None


async def test_enter_alone_does_nothing() -> None:
    assert await _asked(("enter",)) is None


async def test_escape_changes_nothing() -> None:
    assert await _asked((*"shiori", "escape")) is False


async def test_a_name_is_typed_as_it_is_shown() -> None:
    assert await _asked((*"你好", "enter"), "你好 ") is True
