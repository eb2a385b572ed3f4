from __future__ import annotations

import pytest

from kagami.operations.bots import Disconnect, Reconnect
from kagami.tui.screens.bots import Bots
from tests.tui.engine import FakeControl, bot
from tests.tui.kinds import one_of_each
from tests.tui.pilot import golden, on_screen, press, run_console, screen_text, settled, until


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("size", [(80, 24), (140, 40)])
async def test_every_kind_in_every_state_looks_as_it_did(size: tuple[int, int], language: str) -> None:
    name = f"{size[0]}x{size[1]}-{language}"
    async with run_console(size, language=language, control=FakeControl(bots=one_of_each())) as (console, pilot):
        await press(console, pilot, "2")
        golden(f"bots-kinds-login-{name}", screen_text(console))
        await press(console, pilot, "j", "j", "j", "j")
        golden(f"bots-kinds-backoff-{name}", screen_text(console))
        await press(console, pilot, "k", "k", "k", "enter")
        golden(f"bots-kinds-token-{name}", screen_text(console))


async def test_a_narrow_list_says_what_is_wrong_below() -> None:
    async with run_console(control=FakeControl(bots=one_of_each())) as (console, pilot):
        await press(console, pilot, "2", "j")
        assert on_screen(console, "token anew from BotFather")
        assert on_screen(console, "e changes its token or keys")
        await press(console, pilot, "G", "k")
        assert not on_screen(console, "───────")
    async with run_console((60, 16), control=FakeControl(bots=one_of_each())) as (console, pilot):
        await press(console, pilot, "2")
        assert on_screen(console, "old-server")


async def test_the_note_comes_with_the_room_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Bots, "PERIOD", 3600.0)
    async with run_console((60, 16), control=FakeControl(bots=one_of_each())) as (console, pilot):
        await press(console, pilot, "2", "j")
        assert not on_screen(console, "token anew from BotFather")
        await pilot.resize_terminal(80, 24)
        await until(lambda: on_screen(console, "token anew from BotFather"))


async def test_a_narrow_screen_drills_in_and_out() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "enter")
        assert screen_text(console)[-2] == " Bots ▸ qq-2"
        assert on_screen(console, "the peer refuses our token")
        assert not on_screen(console, "shiori")
        await press(console, pilot, "escape")
        assert on_screen(console, "shiori")
        assert screen_text(console)[-2] == " Bots"


async def test_a_wide_screen_shows_the_card_beside_the_list() -> None:
    async with run_console((100, 30)) as (console, pilot):
        await press(console, pilot, "2", "j")
        assert on_screen(console, "shiori")
        assert on_screen(console, "connection refused by")


async def test_disconnecting_asks_with_the_consequences() -> None:
    control = FakeControl()
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2", "d")
        assert on_screen(console, "Disconnect qq-2?")
        assert on_screen(console, "sends that wait")
        await press(console, pilot, "enter")
        assert not control.asked(Disconnect)
        await press(console, pilot, "d")
        await pilot.press("right", "enter")
        await until(lambda: control.asked(Disconnect) == [Disconnect(bot="qq:10003000")])
        await settled(console, pilot)
        assert on_screen(console, "qq-2 was disconnected")


async def test_a_stopped_bot_cannot_be_disconnected() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "G", "d")
        assert on_screen(console, "not connected")


async def test_sorting_and_reversing() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "s", "s", "s", "s", "g")
        assert console.stage.current is not None
        assert console.stage.current.subject() == "shiori"
        await press(console, pilot, "S", "g")
        assert console.stage.current.subject() != "shiori"


async def test_an_empty_list_says_what_will_be_here() -> None:
    async with run_console(control=FakeControl(bots=[])) as (console, pilot):
        await press(console, pilot, "2")
        assert on_screen(console, "No bots yet.")
        assert on_screen(console, "Nothing leaves this machine")
        await press(console, pilot, "d")
        assert on_screen(console, "there is no bot yet")


async def test_a_filter_without_a_match_says_so() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        await pilot.press("slash", *"zzz", "enter")
        await settled(console, pilot)
        assert on_screen(console, "No bot has these letters")


async def test_y_copies_the_id() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "y")
        assert on_screen(console, "Copied 11 characters")


async def test_a_shows_what_to_paste_and_copies_it() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2", "a", "enter")
        assert on_screen(console, "ws://127.0.0.1:3001/onebot/v11/ws")
        await pilot.press("right", "enter")
        await settled(console, pilot)
        assert on_screen(console, "Copied 33 characters")


async def test_the_sandbox_cannot_be_disconnected() -> None:
    control = FakeControl(bots=[bot("sandbox", "sandbox:local", "sandbox", "online")])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2", "d")
        assert on_screen(console, "the sandbox is part of Kagami")


async def test_the_right_button_shows_what_can_be_done() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "2")
        await pilot.click("#bots-list LiveTable", offset=(10, 2), button=3)
        await settled(console, pilot)
        assert on_screen(console, "what now?")


async def test_a_bot_with_a_token_has_nothing_to_log_in() -> None:
    control = FakeControl(bots=[bot("tg", "telegram:1", "telegram", "online")])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "2", "l")
        assert on_screen(console, "This bot needs no login")


async def test_a_bot_of_another_process_says_where_it_is_and_can_be_acted_on_from_here() -> None:
    control = FakeControl(bots=[bot("far", "qq:9", "napcat", "online", node="gateway-2")])
    async with run_console((140, 40), control=control) as (console, pilot):
        await press(console, pilot, "2")
        assert on_screen(console, "far @gateway-2")
        await press(console, pilot, "c", "right", "enter")
        assert control.asked(Reconnect) == [Reconnect(bot="qq:9")]
