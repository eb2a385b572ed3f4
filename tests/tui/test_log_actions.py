from __future__ import annotations

import pytest

from kagami.operations.logs import Level
from kagami.tui.log_actions import find_view, read_view, spell


@pytest.mark.parametrize(
    ("level", "words", "view"),
    [
        ("info", "", ""),
        ("info", "plugin:echo", "I plugin:echo"),
        ("error", "", "E"),
        ("debug", '-"cache hit"', 'D -"cache hit"'),
    ],
)
def test_a_view_is_read_as_it_was_spelled(level: Level, words: str, view: str) -> None:
    assert spell(level, words) == view
    assert read_view(view) == (level, words)
    assert read_view(f"mine = {view or 'I'}") == (level, words)


def test_words_without_a_level_are_a_filter() -> None:
    assert read_view("bot:qq:1") == ("info", "bot:qq:1")


def test_a_view_is_found_by_its_whole_name() -> None:
    views = ["E", "mine = W plugin:echo"]
    assert find_view("mine", views) == "mine = W plugin:echo"
    assert (find_view("min", views), find_view("E", views)) == ("", "")
