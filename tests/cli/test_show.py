from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kagami.centre.texts import TEXTS
from kagami.cli.show import LONGEST_CELL, cell, lines, pad, shorten, width
from kagami.i18n import translator
from kagami.log import LogLine
from kagami.model.ids import BotId
from kagami.operations.cluster import ProcessRow
from kagami.ports import AlertRow, BotHealth, BotRow, Finding, Notice, PluginRow, SettingRow, VersionRow


class Health(msgspec.Struct, frozen=True):
    state: str
    since_ms: int = 0


class Row(msgspec.Struct, frozen=True):
    name: str
    health: Health
    note: str = ""
    fields: dict[str, str] = {}


class Page(msgspec.Struct, frozen=True):
    kept: int
    rows: list[Row]
    counts: dict[str, int] = {}


@pytest.fixture
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def show(value: Any, *, cut: bool = False) -> list[str]:
    return list(lines(value, cut=cut))


def test_a_list_is_a_table_without_empty_columns() -> None:
    rows = [Row("a", Health("online")), Row("名字", Health("away"), fields={"k": "v", "n": "1"})]
    assert show(rows) == [
        "name  health.state  health.since_ms  fields",
        "a     online        0",
        "名字  away          0                k=v n=1",
    ]


def test_a_terminal_gets_the_main_columns_and_none_that_says_nothing() -> None:
    rows = [
        PluginRow("admin", "1.0.0", "Admin", "active", description="x" * 90),
        PluginRow("dice", "2.0.0", "Dice", "active", canary="1.0.0", weight=20),
    ]
    assert list(lines(rows, cut=True, columns=80)) == [
        "id     version  canary  weight  state",
        "admin  1.0.0            0       active",
        "dice   2.0.0    1.0.0   20      active",
    ]


def test_what_is_too_wide_is_cut_to_the_terminal() -> None:
    rows = [Row("a", Health("on"), note="名字" * 40), Row("b", Health("on")), Row("c", Health("on"))]
    shown = list(lines(rows, cut=True, columns=40))
    assert max(map(width, shown)) <= 40
    assert shown[1].endswith("…")


def test_rows_inside_a_row_are_short() -> None:
    versions = (VersionRow("0.1.0", "standby", since_ms=1), VersionRow("0.2.0", "active", events=3))
    assert "0.1.0 standby, 0.2.0 active" in show([PluginRow("dice", "0.2.0", "Dice", "active", versions=versions)])[1]


def test_a_long_text_moves_only_its_own_row() -> None:
    rows = [Row("word " * 40, Health("on")), Row("b", Health("on"))]
    assert len(show(rows)[0]) < 100 < len(show(rows)[1])


def test_few_rows_that_are_too_wide_are_shown_whole() -> None:
    shown = list(lines([Row("a", Health("on"), note="word " * 12)], cut=True, columns=40))
    assert shown[:2] == ["a", "  health.state  on"]
    assert max(map(width, shown)) <= 40
    assert sum(line.count("word") for line in shown) >= 10


def test_a_struct_is_names_and_values() -> None:
    assert show(Health("online", 5)) == ["state     online", "since_ms  5"]


def test_a_struct_with_rows_has_a_table_below() -> None:
    page = Page(2, [Row("a", Health("on"))], {"info": 3})
    assert show(page) == [
        "kept         2",
        "counts.info  3",
        "",
        "rows:",
        "name  health.state  health.since_ms",
        "a     on            0",
    ]


@pytest.mark.parametrize(
    ("value", "expected"), [(None, []), ([], []), ("text", ["text"]), ([1, 2], ["value", "1", "2"])]
)
def test_simple_values_are_shown(value: Any, expected: list[str]) -> None:
    assert show(value) == expected


@pytest.mark.parametrize(
    ("value", "name", "expected"),
    [
        (True, "", "yes"),
        (False, "", "no"),
        (0.5, "", "0.5"),
        (3.0, "", "3"),
        (1234.56789, "", "1234.568"),
        (None, "", ""),
        (("a", "b"), "", "a, b"),
        ([Health("on", 5)], "", "on 5"),
        (20, "level", "info"),
        (5_000, "wait_ms", "5000"),
        ({"a": 1}, "", "a=1"),
    ],
)
def test_a_value_is_one_cell(value: Any, name: str, expected: str) -> None:
    assert cell(value, name) == expected


@pytest.mark.usefixtures("_utc")
def test_a_moment_is_local_time() -> None:
    assert cell(1_764_000_000_000, "at_ms") == "2025-11-24 16:00:00"
    assert cell((("", 1_764_000_000_000),), "feed.since") == "2025-11-24 16:00:00"


@pytest.mark.parametrize("evil", ["\x1b]52;c;eA==\x07", "a\nb", "\u202e", "\x9b31m", "\r", "\ud800"])
def test_foreign_text_reaches_no_terminal_raw(evil: str) -> None:
    shown = "\n".join(show([LogLine(1, 2, 20, evil, evil, {evil: evil})]) + show(Health(evil)) + show(evil))
    assert evil not in shown.replace("\n", "") if evil != "a\nb" else "a\\nb" in shown
    assert shown.replace("\n", "").isprintable()


def test_a_long_cell_is_cut_on_a_terminal_only() -> None:
    text = "x" * 500
    assert show([Health(text)], cut=False)[1].startswith(text)
    assert show([Health(text)], cut=True)[1].startswith("x" * (LONGEST_CELL - 1) + "…")
    assert shorten("short") == "short"


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("镜", 2), ("e\u0301", 1), ("", 0)])
def test_width_counts_columns(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(pad(text, 6)) == 6


def test_reasons_are_said_in_the_readers_language() -> None:
    row = BotRow(BotId("tg:1"), "tg", "telegram", BotHealth("backoff", "the connection was refused; next try in 4 s"))
    finding = Finding("bad", "bot tg", "nothing answers on port 9 (the connection was refused)", "Try again later.")
    told = "\n".join([*lines([row], cut=False, t=translator("zh")), *lines([finding], cut=False, t=translator("zh"))])
    assert "连接被拒绝；4 秒后重试" in told
    assert "refused" not in told


def test_processes_are_a_table_on_a_terminal_of_80_columns() -> None:
    rows = [
        ProcessRow("gateway-1", "gateway", "serving", 0, 2, 0, 0.0, 0.4, 120.3, "0.1.0", duty=False),
        ProcessRow("gateway-0", "gateway", "serving", 0, 3, 0, 0.0, 0.4, 120.3, "0.1.0", duty=False),
        ProcessRow(
            "worker-6f9d7c-x2kq", "worker", "gone", 32, 0, 12, 1.2, 0.4, 98.0, "0.1.0", duty=True, redis="x" * 40
        ),
    ]
    head, *told = lines(rows, cut=True, columns=80)
    assert head.split() == ["node", "role", "state", "partitions", "accounts", "lag_s", "duty", "redis"]
    assert [line.split()[1:3] for line in told] == [["gateway", "serves"], ["gateway", "serves"], ["worker", "gone"]]
    assert max(map(width, told)) <= 80


def test_a_process_that_is_drained_is_called_as_on_the_screen() -> None:
    row = ProcessRow("one", "worker", "leaving", 0, 0, 0, 0.0, 0.4, 120.3, "0.1.0", duty=False)
    assert "hands over" in show([row])[1]
    assert "正在交出" in "".join(lines([row], cut=False, t=translator("zh")))


def test_tables_within_an_answer_fit_a_terminal() -> None:
    told = list(lines({"rows": [Health(f"{number} {'long ' * 40}") for number in range(3)]}, cut=True, columns=80))
    assert max(map(width, told)) <= 80


def test_stacked_texts_break_between_words() -> None:
    told = list(lines([Health("troubled " * 30, 5)], cut=True, columns=80))
    assert max(map(width, told)) <= 80
    assert {word for line in told for word in line.split()} >= {"troubled"}
    assert not {word for line in told for word in line.split()} & {"t", "tr", "tro", "trou", "troub", "troubl"}


GONE = "The process {process} is gone: nothing has been heard of it for longer than {seconds} s"
FIELDS = {"process": "two\x1b", "seconds": "15"}


@pytest.mark.parametrize(
    "told", [AlertRow("two", "process_gone", "error", GONE, FIELDS), Notice(0, "error", "process_gone", GONE, FIELDS)]
)
def test_an_alert_and_a_notice_are_told_with_what_they_name(told: AlertRow | Notice) -> None:
    head, row = show([told])
    assert "The process two\\x1b is gone: nothing has been heard of it for longer than 15 s" in row
    assert "fields" not in head


def test_a_notice_with_other_fields_stands_as_it_is() -> None:
    assert GONE in show([Notice(0, "error", "process_gone", GONE)])[1]


def test_settings_are_explained_in_the_readers_language() -> None:
    rows = [SettingRow("KEY", "log", "text", text) for text in TEXTS.values()]
    _, *told = lines(rows, cut=False, t=translator("zh"))
    assert len(told) == len(TEXTS)
    assert [line for line in told if not re.search("[\u4e00-\u9fff]", line)] == []


def test_a_value_of_a_setting_stands_as_it_is() -> None:
    row = SettingRow("log.level", "log", "text", TEXTS["log.level"], value="failed")
    assert "failed" in "".join(lines([row], cut=False, t=translator("zh")))
