from __future__ import annotations

import pytest

from kagami.i18n import translator
from kagami.ports import PluginRow
from kagami.tui.format import Tier, width
from kagami.tui.loads import Loads
from kagami.tui.plugin_page import Subject, last_line, page
from tests.tui.corpus import CORPUS
from tests.tui.pilot import on_screen, press, run_console
from tests.tui.plugged import SURVIVORS, TRACEBACK, plugged, plugin, plugins, version, weather
from tests.tui.stand import Stand


def subject(row: PluginRow, tier: Tier = "full", *, tall: bool = False, invited: bool = False) -> Subject:
    loads = Loads()
    for second in range(20):
        busy = [version(each.version, each.state, events=each.events + second * 7) for each in row.versions]
        loads.note([plugin(row.id, handled=second * 7, versions=tuple(busy))], float(second))
    return Subject(Stand(lambda _: None, tier), row, loads, invited, tall)  # type: ignore[arg-type,return-value]


def text(of: Subject, cells: int = 78) -> str:
    return "\n".join("".join(span.text for span in line) for line in page(of, cells))


def by_name(name: str) -> PluginRow:
    return next(each for each in plugins() if each.name == name)


def test_versions_with_traffic_come_first() -> None:
    rows = text(subject(weather())).splitlines()
    assert rows[0].startswith(" ● serving  1.3.2      75%")
    assert rows[1].startswith(" ◐ canary   1.4.0      25%")
    assert "7.0/s" in rows[1]
    assert "ERR  0.8%" in rows[1]


def test_a_tall_page_compares_in_columns() -> None:
    shown = text(subject(weather(), tall=True), 42)
    for words in (
        "75%           25%",
        "42 100         2 104",
        "42  0.1%      17  0.8%",
        "41ms          52ms",
        "guard: 0% if",
    ):
        assert words in shown


def test_a_failed_plugin_shows_its_last_line_and_then_the_whole() -> None:
    rows = text(subject(by_name("stocks"))).splitlines()
    assert rows[0] == " ✗ 0.3.1: ModuleNotFoundError: No module named 'pandas'"
    assert "r try again" in rows[1]
    assert sum("part" in row for row in rows) == 9


def test_what_was_left_behind_is_listed_with_its_place() -> None:
    shown = text(subject(by_name("ai-chat"), tall=True))
    assert all(place in shown for place in SURVIVORS)
    assert shown.index(SURVIVORS[0]) < shown.index("100%")


def test_a_canary_that_was_taken_back_says_why() -> None:
    why = "20 of its last 200 events failed, 3 of 900 with the stable version."
    rows = (version("2.0.0", "standby", taken_back=why), version("1.0.0", "active"))
    assert f"! 2.0.0 is a canary no more: {why}" in text(subject(plugin("dice", versions=rows)), 100)


def test_a_quarantine_says_why_and_how_it_ends() -> None:
    shown = text(subject(by_name("translate")))
    assert "held up everything" in shown
    assert "R let it serve" in shown


def test_an_error_that_no_version_has_is_shown_too() -> None:
    assert "cannot be read" in text(subject(plugin("dice", state="failed", error="plugin.json cannot be read")))


def test_conflicts_are_named() -> None:
    assert "! /roll is also a command of echo" in text(
        subject(plugin("dice", problems=("/roll is also a command of echo",)))
    )


def test_what_it_is_and_may_do_stands_below() -> None:
    shown = text(subject(weather()))
    for words in (
        "com.example.weather",
        "Says how the weather is",
        "http:api.example.com  store",
        "this process",
        "天气",
    ):
        assert words in shown


def test_who_has_no_plugin_is_told_how_to_get_one() -> None:
    shown = text(subject(plugin("echo", builtin=True), invited=True))
    assert "kagami plugin new hello" in shown


@pytest.mark.parametrize("cells", [40, 58, 78])
@pytest.mark.parametrize("tall", [False, True])
def test_no_row_is_wider_than_the_page(cells: int, tall: bool) -> None:
    for row in plugins():
        for line in page(subject(row, tall=tall), cells):
            assert sum(width(span.text) for span in line) <= cells, line


@pytest.mark.parametrize("hostile", CORPUS)
def test_foreign_text_keeps_its_rows(hostile: str) -> None:
    rows = (version(hostile[:50], "failed", error=hostile, survivors=(hostile,)), version("1.0.0", "active"))
    row = plugin("x", name=hostile, versions=rows, problems=(hostile,), description=hostile, permissions=(hostile,))
    for line in page(subject(replace_name(row, hostile)), 60):
        assert all("\n" not in span.text and "\x1b" not in span.text for span in line)


def replace_name(row: PluginRow, name: str) -> PluginRow:
    return plugin(row.id, name=name, versions=row.versions, problems=row.problems, error=name, state="failed")


@pytest.mark.parametrize(
    ("trace", "last"), [(TRACEBACK, "ModuleNotFoundError: No module named 'pandas'"), ("", ""), ("a\n\n  \n", "a")]
)
def test_the_last_line_of_a_traceback(trace: str, last: str) -> None:
    assert last_line(trace) == last


def test_the_page_is_plain_where_signs_are_few() -> None:
    made = subject(weather(), "ascii")
    assert "~ canary" in text(made)


def test_a_message_of_several_lines_is_told_by_its_first() -> None:
    text = 'Traceback:\n  File "a.py", line 2, in f\n    raise E("x")\nRuntimeError: boom\nsecond line'
    assert last_line(text) == "RuntimeError: boom"
    assert last_line("could not be loaded\n\n") == "could not be loaded"
    assert last_line("") == ""


async def test_what_a_plugin_of_ours_says_of_itself_is_in_the_readers_language() -> None:
    row = plugin("echo", description="What a command begins with in a chat.")
    async with run_console((140, 40), language="zh", control=plugged([row])) as (console, pilot):
        await press(console, pilot, "4", "enter")
        assert not on_screen(console, "What a command")
        assert on_screen(console, translator("zh")(row.description))
