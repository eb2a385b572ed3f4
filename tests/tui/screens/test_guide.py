from __future__ import annotations

import logging

from kagami.errors import Denied, Refused
from kagami.log import LogLine
from kagami.operations.logs import Window, Windowed
from kagami.operations.system import Connect
from kagami.ports import Connection
from tests.tui.engine import NOW_MS, FakeControl
from tests.tui.pilot import on_screen, press, run_console, screen_text, until
from tests.tui.world import World


async def test_a_long_token_is_shown_whole() -> None:
    control = FakeControl(bots=[])
    control.answers[Connect] = lambda _: Connection("ws://example.invalid:3001/onebot/v11/ws", "t" * 130)
    async with run_console((60, 24), control=control) as (console, _):
        assert "".join(screen_text(console)).count("t" * 10) >= 10
        assert sum(row.count("t" * 30) for row in screen_text(console)) >= 3


async def test_who_may_not_see_the_token_is_told() -> None:
    control = FakeControl(bots=[])

    def refuse(_: object) -> object:
        raise Denied(scope="system:secret")

    control.answers[Connect] = refuse
    async with run_console(control=control) as (console, _):
        assert on_screen(console, "This needs the right system:secret.")


async def test_a_process_without_a_gateway_shows_no_address() -> None:
    control = FakeControl(bots=[])

    def refuse(_: object) -> object:
        raise Refused(reason="This process has the role worker: bots connect to a process that has a gateway.")

    control.answers[Connect] = refuse
    async with run_console((80, 24), control=control) as (console, _):
        assert on_screen(console, "This process has the role worker")
        assert on_screen(console, "gateway.")
        assert not on_screen(console, "NapCat that runs")


async def test_enter_tries_the_sandbox() -> None:
    control = World()
    control.bots.clear()
    async with run_console(control=control) as (console, pilot):
        await pilot.press("enter")
        await until(lambda: console.state.place == "sandbox")


async def test_it_speaks_chinese() -> None:
    async with run_console(language="zh", control=FakeControl(bots=[])) as (console, pilot):
        assert on_screen(console, "网络配置")
        await press(console, pilot, "y")
        assert on_screen(console, "已复制 33 个字符")


async def test_who_was_turned_away_is_told() -> None:
    control = FakeControl(bots=[])
    fields = {"peer": "127.0.0.1:5000", "status": "403", "reason": "wrong token"}
    line = LogLine(1, NOW_MS, logging.WARNING, "gateway", "connection refused", fields)
    control.answers[Window] = lambda _: Windowed([line], 1, 1, {})
    async with run_console(control=control) as (console, _):
        assert on_screen(console, "127.0.0.1:5000 was turned away: wrong token")
