from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from kagami.ports import FeedRow, WorkerRow
from kagami.tui import worker_rows
from kagami.tui.widgets.painted import Line
from tests.tui.routed import TABLES, WORKERS
from tests.tui.stand import Stand

BY_NAME = {row.name: row for row in WORKERS}
ENTRIES = {table["name"]: table for table in TABLES}


def shell() -> Stand:
    return Stand(lambda stand: stand.widget, "full")


def words(lines: Sequence[Line]) -> str:
    return "\n".join("".join(span.text for span in line) for line in lines)


def told(row: WorkerRow, **changes: object) -> str:
    return words(worker_rows.page(shell(), row, ENTRIES.get(row.name, {}) | changes, 76))


def test_a_workers_share_is_of_its_pool() -> None:
    rows = {row.key: [cell.text for cell in row.cells] for row in worker_rows.rows(shell(), WORKERS, ENTRIES)}
    assert rows["plugins"] == ["-", "plugins", "● at work", *["-"] * 9]
    assert rows["ai-1"] == ["ai", "ai-1", "● at work", "14", "70%", "1", "812ms", "2", "-", "-", "8 120", "3"]
    assert rows["ai-2"][2:5] == ["○ drained", "6", "30%"]
    assert rows["ocr"][2] == "✗ away"
    assert all(len(row) == len(worker_rows.COLUMNS) for row in rows.values())


def test_an_application_has_a_lag_and_what_it_missed() -> None:
    rows = {row.key: row.cells for row in worker_rows.rows(shell(), WORKERS, ENTRIES)}
    assert [(cell.text, cell.role) for cell in rows["nonebot"][8:10]] == [("12s", "warn"), ("214", "text")]
    assert [(cell.text, cell.role) for cell in rows["koishi"][8:10]] == [("-", "text"), ("15", "warn")]


def test_one_that_is_connected_to_another_process_names_that() -> None:
    there = msgspec.structs.replace(BY_NAME["nonebot"], node="gateway-2")
    (shown,) = worker_rows.rows(shell(), [there], ENTRIES)
    assert (shown.key, shown.cells[1].text) == ("nonebot", "nonebot @gateway-2")
    assert "gateway-2" in told(there)
    assert "gateway-2" not in told(BY_NAME["nonebot"])


def test_a_paused_one_is_not_called_away() -> None:
    assert worker_rows.state_span(shell(), BY_NAME["koishi"], {"enabled": False}).text == "○ paused"
    assert worker_rows.state_span(shell(), BY_NAME["koishi"], {}).text == "✗ away"
    assert worker_rows.state_span(shell(), BY_NAME["nonebot"], {"enabled": False}).text == "● at work"


def test_one_in_full_says_who_connects_and_why_it_is_away() -> None:
    away = told(BY_NAME["koishi"])
    for text in ("connection refused by 127.0.0.1:5140", "Kagami connects to ws://127.0.0.1:5140/onebot"):
        assert text in away
    assert "12 came late, 3 never did" in away
    here = told(BY_NAME["nonebot"])
    for text in (
        "it connects to Kagami",
        "127.0.0.1:50312, 127.0.0.1:50314",
        "(mirror)",
        "group:*",
        "answers in 240ms",
    ):
        assert text in here


@pytest.mark.parametrize(
    ("row", "changes", "step"),
    [
        (BY_NAME["koishi"], {}, "c shows what to paste"),
        (BY_NAME["koishi"], {"enabled": False}, "X lets it in again"),
        (BY_NAME["ai-2"], {}, "x gives it events again"),
        (BY_NAME["plugins"], {}, "rules decide what they get"),
        (msgspec.structs.replace(BY_NAME["nonebot"], pool="ai"), {}, "a rule leads to the pool ai"),
    ],
)
def test_the_next_step_is_named(row: WorkerRow, changes: dict[str, object], step: str) -> None:
    assert step in told(row, **changes)


def test_foreign_words_stay_words() -> None:
    odd = WorkerRow("w", "away", feed=FeedRow("in", reason="\x1b[31m[red]x"))
    assert "\x1b" not in told(odd)


def test_an_empty_place_says_what_will_appear() -> None:
    assert "OneBot 11" in words(worker_rows.none(shell()))
