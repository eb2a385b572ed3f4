from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.i18n import translator
from kagami.plugins.builtin.admin.shown import LONGEST_LINE, shown, shown_bytes, shown_span
from kagami.ports import AlertRow, SettingRow


class Inner(msgspec.Struct):
    state: str


class Row(msgspec.Struct):
    id: str
    count: int = 0
    rate: float = 0.0
    open: bool = False
    health: Inner | None = None
    names: tuple[str, ...] = ()
    by_bot: dict[str, int] = {}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "Done."),
        ([], "Nothing."),
        ("x", "x"),
        (3, "3"),
        (["a", "b"], "a\nb"),
        (Row("qq:1", 2), "id: qq:1\ncount: 2"),
        ([Row("qq:1", health=Inner("online"), names=("a", "b"))], "id qq:1 · health (state online) · names a, b"),
        (Row("a", rate=1.23456, open=True, by_bot={"x": 1}), None),
    ],
)
def test_an_answer_is_a_short_text(value: Any, text: str | None) -> None:
    if text is None:
        assert "rate: 1.23\nopen: yes" in shown(value, str)
        assert shown(value, str).endswith("by_bot: x 1")
    else:
        assert shown(value, str) == text


def test_what_is_ours_is_said_in_the_language_of_the_house() -> None:
    row = SettingRow("prefix", "general", "text", "What a command begins with in a chat.", value="failed")
    told = shown([row], translator("zh"))
    assert "What a command" not in told
    assert "value failed" in told


def test_an_alert_is_told_with_what_it_names() -> None:
    told = "The bot {bot} is not connected: {reason}"
    row = AlertRow("bot qq:1", "bot.offline", "error", told, {"bot": "qq:1", "reason": "paused by an operator"})
    assert "The bot qq:1 is not connected: paused by an operator" in shown([row], str)
    assert "fields" not in shown([row], str)


def test_a_long_list_is_cut_and_counted() -> None:
    lines = shown(list(range(1, 31)), str).split("\n")
    assert (len(lines), lines[-1]) == (21, "… and 10 more")


def test_a_long_line_is_cut() -> None:
    assert len(shown("x" * 500, str)) == LONGEST_LINE


def test_a_text_of_others_stays_in_its_line() -> None:
    assert "\n" not in shown([Row("a\nb")], str)


@pytest.mark.parametrize(
    ("amount", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 kB"), (3 << 20, "3.0 MB"), (5 << 30, "5.0 GB"), (2 << 40, "2.0 TB")],
)
def test_bytes_are_shown_in_the_unit_that_fits(amount: int, text: str) -> None:
    assert shown_bytes(amount) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (-1, "0s"), (59.9, "59s"), (312, "5m 12s"), (3_600, "1h"), (275_000, "3d 4h")]
)
def test_a_span_is_shown_in_two_units(seconds: float, text: str) -> None:
    assert shown_span(seconds) == text
