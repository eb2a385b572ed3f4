from __future__ import annotations

import msgspec
import pytest

from kagami.operations.cluster import Drain
from kagami.operations.plugins import Weigh
from kagami.operations.settings import ApplySettings
from kagami.ports import AuditRow
from tests.tui.engine import NOW_MS
from tests.tui.pilot import on_screen, press, run_console, until
from tests.tui.plugged import plugged, weather


def row(name: str, weight: int, result: str = "ok") -> AuditRow:
    target = msgspec.json.encode(Weigh(plugin="com.example.weather", weight=weight)).decode()
    return AuditRow(7, NOW_MS, "console", name, "", "plugins.weigh", target, result)


async def test_what_another_changes_is_told_with_who_and_when_and_read_again() -> None:
    control = plugged([weather()])
    control.answers[Weigh] = lambda _: weather()
    async with run_console((100, 30), control=control) as (console, pilot):
        await press(console, pilot, "4")
        control.plugins = [weather(weight=40)]
        control.push("audit", [row("bob", 40)])
        await until(lambda: on_screen(console, "bob  23:41:07"))
        await until(lambda: on_screen(console, "40%"))


async def test_what_was_done_here_or_not_done_at_all_is_not_told() -> None:
    control = plugged([weather()])
    control.answers[Weigh] = lambda _: weather()
    async with run_console((100, 30), control=control) as (console, _):
        await console.control.call(Weigh(plugin="com.example.weather", weight=40))
        control.push("audit", [row("me", 40), row("eve", 90, "denied"), row("eve", 91, "begun")])
        control.push("audit", [row("ann", 10)])
        await until(lambda: on_screen(console, "ann  23:41:07"))
        assert not on_screen(console, "me  23:41:07")
        assert not on_screen(console, "eve")


async def test_what_was_changed_is_told_as_people_write_it() -> None:
    control = plugged([weather()])
    target = msgspec.json.encode(ApplySettings(changes={"log.level": "debug"})).decode()
    async with run_console((100, 30), control=control) as (console, _):
        control.push("audit", [AuditRow(8, NOW_MS, "console", "bob", "", "settings.apply", target, "ok")])
        await until(lambda: on_screen(console, "log.level=debug"))


@pytest.mark.parametrize(("on", "told"), [(True, "two hands over"), (False, "two serves again")])
async def test_a_process_that_another_switched_is_told_as_what_was_done(on: bool, told: str) -> None:
    control = plugged([weather()])
    target = msgspec.json.encode(Drain(node="two", on=on)).decode()
    async with run_console((100, 30), control=control) as (console, _):
        control.push("audit", [AuditRow(8, NOW_MS, "console", "bob", "", "cluster.drain", target, "ok")])
        await until(lambda: on_screen(console, told))


async def test_who_comes_is_told_in_words_and_who_stays_is_not() -> None:
    control = plugged([weather()])
    async with run_console((100, 30), control=control) as (console, _):
        for name, operation in (("bob", "auth.refresh"), ("ann", "auth.login")):
            control.push("audit", [AuditRow(8, NOW_MS, "person", name, "", operation, "{}", "ok")])
        await until(lambda: on_screen(console, "logged in"))
        assert not on_screen(console, "bob")
