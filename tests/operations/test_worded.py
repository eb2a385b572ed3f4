from __future__ import annotations

import pytest

from kagami.i18n import translator
from kagami.model.ability import Ability
from kagami.operations.worded import filled, ours
from kagami.ports import AlertRow, BotHealth, Field, Finding, Notice, PluginRow, SettingRow

GONE = "The bot {bot} is not connected: {reason}"
FIELDS = {"bot": "qq:1", "reason": "paused by an operator"}


@pytest.mark.parametrize(
    ("row", "names", "foreign"),
    [
        (SettingRow("prefix", "general", "text", "What a command begins with in a chat."), {"text"}, {"key", "value"}),
        (Finding("bad", "bot tg", "switched off", "Try again later."), {"subject", "text", "fix"}, {"state"}),
        (Field("days", "int", text="Days of a forecast"), {"text"}, {"name", "value"}),
        (PluginRow("echo", "1.0.0", "Echo", "active", description="Says again."), {"description"}, {"name", "author"}),
        (Ability("text", "yes", note="As plain text."), {"note"}, {"name", "send"}),
        (BotHealth("backoff", "the connection was refused"), {"reason"}, {"state", "text"}),
    ],
)
def test_what_is_ours_depends_on_the_row(row: object, names: set[str], foreign: set[str]) -> None:
    assert names <= ours(row)
    assert not foreign & ours(row)


@pytest.mark.parametrize("told", [AlertRow("k", "k", "error", GONE, FIELDS), Notice(0, "error", "k", GONE, FIELDS)])
def test_an_alert_is_filled_in_and_what_it_names_is_said_too(told: AlertRow | Notice) -> None:
    assert filled(told, str) == "The bot qq:1 is not connected: paused by an operator"
    assert "已被操作员暂停" in filled(told, translator("zh"))


def test_one_with_other_fields_stands_as_it_is() -> None:
    assert filled(Notice(0, "error", "k", GONE), str) == GONE
