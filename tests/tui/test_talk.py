from __future__ import annotations

from typing import cast

import pytest

from kagami.ports import ChatRow
from kagami.tui.looks import looks
from kagami.tui.shell import Shell
from kagami.tui.talk import (
    CHAT_COLUMNS,
    DEAD_COLUMNS,
    FOUND_COLUMNS,
    chat_row,
    dead_row,
    found_row,
    no_chats,
    no_dead,
    no_results,
    said_entry,
)
from tests.tui.engine import NOW_MS, FixedClock
from tests.tui.world import dead_of, message_row


class _Words:
    """As much of a shell as words need."""

    looks = looks("full", "night")
    clock = FixedClock()

    def t(self, text: str) -> str:
        return text


SHELL = cast(Shell, _Words())


def test_a_chat_shows_its_name_its_last_words_and_how_old_they_are() -> None:
    row = message_row(1, "in", "你好")
    chat = ChatRow(row.bot, row.chat, "天气群", NOW_MS - 240_000, "你好", "小明", 3)
    shown = chat_row(SHELL, "key", chat)
    assert [cell.text for cell in shown.cells] == ["天气群  group:123456", "小明", "qq:10001000", "你好", "", "4m"]
    assert len(shown.cells) == len(CHAT_COLUMNS)


def test_what_went_as_usual_needs_no_words() -> None:
    assert said_entry(SHELL, message_row(1, "in", "hi")).note == ""
    assert said_entry(SHELL, message_row(1, "out", "hi")).note == ""


@pytest.mark.parametrize(
    ("direction", "outcome"), [("in", "shed"), ("in", "dead"), ("out", "unknown"), ("out", "failed")]
)
def test_what_went_otherwise_is_said_below(direction: str, outcome: str) -> None:
    entry = said_entry(SHELL, message_row(1, direction, "hi", outcome=outcome, reason="because"))
    assert outcome in entry.note
    assert entry.note.endswith("because")


def test_who_is_named_by_name_then_by_id() -> None:
    assert said_entry(SHELL, message_row(1, "in", "hi")).who == "小明"
    assert said_entry(SHELL, message_row(1, "in", "hi", sender="")).who == "10001"
    assert said_entry(SHELL, message_row(1, "out", "hi")).who == "→ 10001000"


def test_found_and_dead_rows_fill_their_columns() -> None:
    assert len(found_row(SHELL, message_row(1, "in", "hi")).cells) == len(FOUND_COLUMNS)
    dead = dead_row(dead_of(1, "hi", "boom"), str)
    assert len(dead.cells) == len(DEAD_COLUMNS)
    assert dead.cells[-1].text == "boom"


def test_empty_places_say_what_would_be_there() -> None:
    for lines in (
        no_chats(SHELL, ""),
        no_chats(SHELL, "x"),
        no_results(SHELL, ""),
        no_results(SHELL, "x"),
        no_dead(SHELL),
    ):
        assert any(span.text.strip() for line in lines for span in line)
