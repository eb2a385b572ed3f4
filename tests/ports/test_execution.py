from __future__ import annotations

from kagami.ports import Handled, PluginRow, ReloadRow
from tests.ports.crossing import crossed


def test_a_plugins_row_crosses_as_it_is() -> None:
    row = PluginRow("dice", "1.0.0", "Dice", "failed", error="Traceback …", commands=("/roll [sides]",), handled=3)
    assert crossed(row) == row


def test_the_report_of_a_reload_crosses_as_it_is() -> None:
    row = ReloadRow("dice", "1.0.0", "1.1.0", survivors=("task poll (dice.py:8)",))
    assert crossed(row) == row


def test_who_says_nothing_wanted_nothing() -> None:
    assert Handled() == Handled("", "ignored")
