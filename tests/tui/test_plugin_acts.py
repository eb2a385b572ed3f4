from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kagami.errors import PackageRefused
from kagami.operations.plugins import Install, Promote, Release, Reload, Remove, Rollback, Switch, Use, Weigh
from kagami.ports import Installed, PluginRow
from tests.tui.engine import FakeControl
from tests.tui.pilot import on_screen, press, run_console, screen_text
from tests.tui.plugged import SURVIVORS, TRACEBACK, plugged, plugin, plugins, reloaded, version, weather

TWO = plugin("dice", own="1.1.0", versions=(version("1.1.0", "active", open=2), version("1.0.0", "standby")))


def engine(rows: list[PluginRow], **answers: Any) -> FakeControl:
    """An engine that does what it is told; `answers` are what a reload, install and so on say."""
    control = plugged(rows)
    told = answers.get("reloaded", reloaded("dice", "1.1.0", "1.0.0"))
    control.answers |= {
        Weigh: lambda _: rows[0],
        Switch: lambda _: None,
        Release: lambda _: None,
        Remove: lambda _: None,
        Reload: lambda _: [told],
        Rollback: lambda _: told,
        Promote: lambda _: told,
        Use: lambda _: told,
        Install: lambda _: answers.get("installed", Installed("dice", "1.1.0")),
    }
    return control


async def test_a_canary_is_rolled_back_by_its_weight_and_can_be_undone() -> None:
    control = engine([weather()])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "b")
        for text in ("Roll back weather 1.4.0 → 1.3.2?", "25%  1.4.0", "0%  1.4.0, 100%  1.3.2", "open on 1.4.0: 1"):
            assert on_screen(console, text)
        await press(console, pilot, "enter")
        assert not control.asked(Weigh)
        await press(console, pilot, "b", "right", "enter", "u")
        plugin_id = "com.example.weather"
        assert control.asked(Weigh) == [
            Weigh(plugin=plugin_id, weight=0, version="1.4.0"),
            Weigh(plugin=plugin_id, weight=25, version="1.4.0"),
        ]
        await press(console, pilot, "u")
        assert len(control.asked(Weigh)) == 2


async def test_without_a_canary_the_version_before_serves_again() -> None:
    control = engine([TWO], reloaded=reloaded("dice", "1.1.0", "1.0.0", open=2))
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "b", "right", "enter")
        assert control.asked(Rollback) == [Rollback(plugin="dice")]
        assert on_screen(console, "dice 1.1.0 → 1.0.0")
        assert on_screen(console, "open on 1.1.0: 2")


async def test_a_canary_without_traffic_is_no_way_back() -> None:
    control = engine([weather(0)])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "b", "right", "enter")
        assert control.asked(Rollback) == [Rollback(plugin="com.example.weather")]
        assert not control.asked(Weigh)


async def test_promoting_asks_first() -> None:
    control = engine([weather()])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "p")
        assert on_screen(console, "Promote weather 1.4.0?")
        await press(console, pilot, "right", "enter")
        assert control.asked(Promote) == [Promote(plugin="com.example.weather")]


async def test_a_switch_is_at_once_and_can_be_undone() -> None:
    control = engine([TWO])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "e", "u")
        assert control.asked(Switch) == [Switch(plugin="dice", on=False), Switch(plugin="dice", on=True)]


async def test_a_plugin_that_is_off_is_turned_on() -> None:
    control = engine([plugin("music", state="disabled")])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "e")
        assert control.asked(Switch) == [Switch(plugin="music", on=True)]


async def test_a_reload_that_failed_is_read_in_full() -> None:
    answer = reloaded("dice", "1.1.0", "1.2.0", error=TRACEBACK)
    async with run_console((80, 40), control=engine([TWO], reloaded=answer)) as (console, pilot):
        await press(console, pilot, "4", "r")
        assert on_screen(console, "dice: it stayed at 1.1.0")
        assert on_screen(console, "ModuleNotFoundError")


async def test_why_a_reload_failed_is_said_in_the_readers_language() -> None:
    answer = reloaded("dice", "1.1.0", "1.2.0", error="2.0.0 was recalled: it loses money")
    async with run_console(control=engine([TWO], reloaded=answer), language="zh") as (console, pilot):
        await press(console, pilot, "4", "r")
        assert on_screen(console, "2.0.0 已被召回：it loses money")


async def test_what_a_reload_left_behind_is_told_with_its_place() -> None:
    answer = reloaded("dice", "1.1.0", "1.2.0", survivors=SURVIVORS, open=3)
    async with run_console(control=engine([TWO], reloaded=answer)) as (console, pilot):
        await press(console, pilot, "4", "r")
        for text in ("dice: 1.1.0 → 1.2.0", "open on 1.1.0: 3", *SURVIVORS):
            assert on_screen(console, text)


async def test_a_quarantine_is_ended() -> None:
    held = [each for each in plugins() if each.state == "quarantined"]
    control = engine(held)
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "R")
        assert control.asked(Release) == [Release(plugin="translate")]


@pytest.mark.parametrize(
    ("keys", "kind", "expected"),
    [
        ("j u", Use, Use(plugin="dice", version="1.0.0")),
        ("j p", Use, Use(plugin="dice", version="1.0.0", pin=True)),
        ("j x", Remove, Remove(plugin="dice", version="1.0.0")),
    ],
)
async def test_versions_are_used_pinned_and_removed_after_a_question(keys: str, kind: type, expected: Any) -> None:
    control = engine([TWO])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "v", *keys.split(), "enter")
        assert not control.asked(kind)
        await press(console, pilot, "v", *keys.split(), "right", "enter")
        assert control.asked(kind) == [expected]


async def test_installing_asks_and_lists_what_the_plugin_may(tmp_path: Path) -> None:
    (tmp_path / "d.kpk").touch()
    answer = Installed("dice", "1.1.0", permissions=("http:*", "send:any_chat"), warnings=("it is \x1b[1munsigned",))
    control = engine([TWO], installed=answer)
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "i", *str(tmp_path / "d.kpk"), "enter")
        assert on_screen(console, "Install this plugin?")
        assert on_screen(console, "`kagami plugin install`")
        await press(console, pilot, "right", "enter")
        assert control.asked(Install) == [Install(source=str(tmp_path / "d.kpk"))]
        for text in ("dice 1.1.0", "http:*  send:any_chat", "it is ␛[1munsigned", "nobody"):
            assert on_screen(console, text)


async def test_nothing_is_installed_without_a_source_or_a_yes() -> None:
    control = engine([TWO])
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "i", "enter", "i", "escape", "i", "x", "enter", "enter")
        assert not control.asked(Install)


async def test_a_refused_package_says_why() -> None:
    control = engine([TWO])

    def refuse(_: Any) -> None:
        raise PackageRefused(package="dice.kpk", reason="its signature is wrong")

    control.answers[Install] = refuse
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "i", "x", "enter", "right", "enter")
        assert on_screen(console, "Not installed")
        assert on_screen(console, "its signature is wrong")


async def test_what_is_not_there_is_refused_without_a_question_and_can_be_corrected() -> None:
    control = engine([TWO])

    def refuse(_: Any) -> None:
        raise PackageRefused(package="dice.kpk", reason="there is no such file")

    control.answers[Install] = refuse
    async with run_console(control=control) as (console, pilot):
        await press(console, pilot, "4", "i", *"/no/dice.kpk", "enter")
        assert on_screen(console, "there is no such file")
        await press(console, pilot, "escape")
        assert screen_text(console)[-2].endswith("/no/dice.kpk")
