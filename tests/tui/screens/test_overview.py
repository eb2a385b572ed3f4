from __future__ import annotations

import pytest

from kagami.operations.messages import ListMessages
from kagami.operations.system import Connect
from kagami.ports import Notice
from tests.tui.engine import NOTICES, NOW_MS, FakeControl, FixedClock, bot
from tests.tui.pilot import on_screen, press, run_console, screen_text, settled, until


async def test_what_is_wrong_stands_on_top_with_its_key() -> None:
    async with run_console(control=FakeControl(notices=NOTICES)) as (console, pilot):
        assert screen_text(console)[2].startswith(" ! Plugin stocks could not be loaded")
        assert "m mend  x dismiss" in screen_text(console)[2]
        await press(console, pilot, "x")
        assert screen_text(console)[2].startswith(" ! qq-2 is refused")
        await press(console, pilot, "m")
        await until(lambda: console.state.place == "bots")
        await settled(console, pilot)
        assert screen_text(console)[-2] == " Bots ▸ qq-2"


async def test_without_troubles_no_row_is_spent_on_them() -> None:
    async with run_console() as (console, pilot):
        assert screen_text(console)[2].startswith(" CPU")
        await press(console, pilot, "x")
        assert on_screen(console, "nothing needs you now")


async def test_enter_opens_the_selected_bot() -> None:
    async with run_console() as (console, pilot):
        await pilot.press("j", "enter")
        await until(lambda: console.state.place == "bots")
        await settled(console, pilot)
        assert screen_text(console)[-2] == " Bots ▸ ding-ops"


async def test_sorting_says_by_what() -> None:
    async with run_console() as (console, pilot):
        await press(console, pilot, "s")
        assert on_screen(console, "sorted by BOT ▼")


async def test_a_first_start_leads_by_the_hand() -> None:
    async with run_console(control=FakeControl(bots=[])) as (console, pilot):
        assert on_screen(console, "Connect your first bot")
        assert on_screen(console, "ws://127.0.0.1:3001/onebot/v11/ws")
        await press(console, pilot, "y")
        assert on_screen(console, "Copied 33 characters")
        await press(console, pilot, "Y")
        assert on_screen(console, "Copied 24 characters")


async def test_the_guide_turns_green_and_then_gives_way_to_the_table() -> None:
    control, clock = FakeControl(bots=[]), FixedClock()
    async with run_console(control=control, clock=clock) as (console, pilot):
        clock.now += 12
        await console.read_place()
        await settled(console, pilot)
        assert on_screen(console, "waiting for a bot, 12 s")
        control.bots.append(bot("shiori", "qq:1", "napcat", "online"))
        await console.read_place()
        await settled(console, pilot)
        assert on_screen(console, "● shiori is connected")
        clock.now += 10
        await console.read_place()
        await settled(console, pilot)
        assert not on_screen(console, "Connect your first bot")
        assert on_screen(console, "▶ shiori")
        assert len(control.asked(Connect)) == 1


async def test_the_sandbox_alone_is_no_bot() -> None:
    control = FakeControl(bots=[bot("sandbox", "sandbox:1", "sandbox", "online")])
    async with run_console(control=control) as (console, _):
        assert on_screen(console, "Connect your first bot")


async def test_messages_are_read_only_where_they_are_shown() -> None:
    small, large = FakeControl(), FakeControl()
    async with run_console((80, 24), control=small):
        assert not small.asked(ListMessages)
    async with run_console((140, 40), control=large) as (console, _):
        assert large.asked(ListMessages)
        assert on_screen(console, "/deploy status")


async def test_foreign_names_are_cells() -> None:
    control = FakeControl(bots=[bot("[b]x\x1b[31m\u202e", "qq:1", "napcat", "online")])
    async with run_console((140, 40), control=control) as (console, _):
        assert on_screen(console, "[b]x␛[31m⟦RLO⟧")


async def test_few_bots_leave_room_for_live_messages() -> None:
    few, many = FakeControl(), FakeControl()
    few.bots = few.bots[:2]
    async with run_console((100, 30), control=few) as (console, pilot):
        await press(console, pilot, "1")
        assert on_screen(console, "Live messages")
    async with run_console((100, 30), control=many) as (console, pilot):
        await press(console, pilot, "1")
        assert not on_screen(console, "Live messages")


@pytest.mark.parametrize("alerts", range(4))
@pytest.mark.parametrize(("width", "height"), [(100, 28), (100, 29), (99, 30), (100, 31), (120, 32), (140, 35)])
async def test_live_messages_never_take_the_rows_of_a_bot(width: int, height: int, alerts: int) -> None:
    words, lost = "Plugin {plugin} could not be loaded: {reason}", {"plugin": "stocks", "reason": "ImportError"}
    notices = [Notice(NOW_MS - at, "error", "plugin.load_failed", words, lost) for at in range(alerts)]
    bots = [bot(f"qq-{number}", f"qq:{number}", "napcat", "online") for number in range(4)]
    async with run_console((width, height), control=FakeControl(bots=bots, notices=notices)) as (console, _):
        assert all(on_screen(console, f"{each.name} ") for each in bots)


async def test_what_an_alert_took_is_given_back_when_it_is_gone() -> None:
    control = FakeControl(notices=NOTICES)
    control.bots = control.bots[:2]
    async with run_console((100, 30), control=control) as (console, pilot):
        assert not on_screen(console, "Live messages")
        await press(console, pilot, "x", "x")
        assert on_screen(console, "Live messages")


async def test_the_first_bot_may_be_of_any_platform() -> None:
    async with run_console(control=FakeControl(bots=[])) as (console, pilot):
        assert on_screen(console, "QQ, WeChat, Telegram, DingTalk, Feishu, KOOK")
        await press(console, pilot, "a")
        await until(lambda: on_screen(console, "What shall be connected?"))


async def test_what_is_over_is_dimmed_and_asks_for_nothing() -> None:
    fields = {"bot": "tg", "reason": "the connection was refused"}
    told = Notice(NOW_MS - 90_000, "error", "bot_offline", "The bot {bot} is not connected: {reason}", fields)
    async with run_console(control=FakeControl(notices=[told])) as (console, pilot):
        assert screen_text(console)[2].startswith(" ✓ The bot tg is not connected: the connection was refused")
        assert "over" in screen_text(console)[2]
        await press(console, pilot, "m")
        assert on_screen(console, "nothing needs you now")
