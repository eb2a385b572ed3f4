from __future__ import annotations

import pytest

from kagami.ports import PluginRow
from kagami.tui import plugin_rows
from kagami.tui.loads import Loads
from kagami.tui.looks import GLYPHS
from kagami.tui.plugin_rows import candidate, errors_percent, needs_you, ordered, percent, share, state_of, weight_bar
from tests.tui.plugged import plugin, plugins, version, weather
from tests.tui.stand import Stand

FULL = GLYPHS["full"]


def by_name(name: str) -> PluginRow:
    return next(each for each in plugins() if each.name == name)


def test_trouble_comes_first_and_what_is_built_in_last() -> None:
    names = [each.name for each in ordered(plugins())]
    assert names[:4] == ["stocks", "translate", "ai-chat", "weather"]
    assert names[-2:] == ["echo", "help"]


def test_a_built_in_plugin_that_failed_is_trouble_too() -> None:
    rows = [weather(), plugin("echo", state="failed", builtin=True, error="x")]
    assert ordered(rows)[0].id == "echo"


@pytest.mark.parametrize(
    ("name", "state", "needs"),
    [
        ("stocks", "failed", True),
        ("translate", "quarantined", True),
        ("ai-chat", "leaks", True),
        ("weather", "canary", False),
        ("music", "disabled", False),
        ("welcome", "active", False),
    ],
)
def test_the_state_is_the_worst_that_is_known(name: str, state: str, needs: bool) -> None:
    assert state_of(by_name(name)) == state
    assert needs_you(by_name(name)) == needs


def test_a_conflict_needs_a_person() -> None:
    assert state_of(plugin("dice", problems=("/roll is also a command of echo",))) == "conflict"


def test_the_title_counts_what_is_not_as_usual() -> None:
    assert plugin_rows.summary(plugins(), str) == "1 failed · 1 quarantine · 1 leaks · 1 canary"
    assert plugin_rows.summary([plugin("dice")], str) == ""


@pytest.mark.parametrize(
    ("weight", "shown"),
    [(0, "▓▓▓▓▓▓▓▓ 0%"), (1, "▓▓▓▓▓▓▓░ 1%"), (25, "▓▓▓▓▓▓░░ 25%"), (99, "▓░░░░░░░ 99%"), (100, "░░░░░░░░ 100%")],
)
def test_the_bar_shows_every_canary_that_gets_anything(weight: int, shown: str) -> None:
    assert weight_bar(weather(weight), FULL) == shown


def test_the_bar_without_a_canary() -> None:
    assert weight_bar(by_name("welcome"), FULL) == "▓" * 8
    assert weight_bar(by_name("stocks"), FULL) == "-"


@pytest.mark.parametrize(
    ("events", "errors", "shown"), [(0, 0, "-"), (1_000, 4, "0.4"), (10, 10, "100"), (1_000, 1, "0.1"), (3, 1, "33.3")]
)
def test_errors_in_percent(events: int, errors: int, shown: str) -> None:
    assert percent(errors_percent(events, errors)) == shown


def test_a_row_has_a_cell_for_each_column() -> None:
    shell = Stand(lambda _: None, "full")  # type: ignore[arg-type,return-value]
    loads = Loads()
    for each in plugins():
        row = plugin_rows.row(shell, each, loads)
        assert len(row.cells) == len(row.order) == len(plugin_rows.COLUMNS)
        assert row.cells[-1].text.partition(" ")[2]  # a word beside the sign


def test_the_weight_is_of_the_canary_or_of_the_highest_that_stands_by() -> None:
    assert candidate(weather()) == "1.4.0"
    rows = (version("2.0.0", "failed"), version("1.1.0", "standby"), version("1.0.0", "active"))
    assert candidate(plugin("dice", versions=rows)) == "1.1.0"
    assert candidate(plugin("dice")) == ""


def test_shares_add_up() -> None:
    rows = weather()
    assert [share(rows, each) for each in rows.versions] == [25, 75, 0, 0]
    stable = plugin("dice")
    assert share(stable, stable.versions[0]) == 100


def test_a_newer_version_that_failed_takes_nothing_from_the_one_that_serves() -> None:
    rows = plugin("dice", state="failed", versions=(version("1.1.0", "failed", error="x"), version("1.0.0", "active")))
    assert [share(rows, each) for each in rows.versions] == [0, 100]
    assert weight_bar(rows, FULL) == "▓" * 8


def test_a_plugin_without_a_name_is_called_by_its_id() -> None:
    assert plugin_rows.title(PluginRow("com.example.x", "1.0.0", "", "active")) == "com.example.x"


def test_who_failed_gets_nothing() -> None:
    rows = by_name("stocks")
    assert share(rows, rows.versions[0]) == 0
