from __future__ import annotations

import re
import sqlite3

from hypothesis import example, given
from hypothesis import strategies as st

from kagami.storage.words import MOST_CHARACTERS, contains, index, is_short, normal, query

NAMES = {"bot": "qq:1", "chat": "group:1", "user": "42"}
# Few characters, so that texts really contain one another; of both widths, with case, folds and syntax among them.
LETTERS = st.sampled_from("abAß 中文字一ﬁ\u3000Ａ\"*'()-^:😀é\u0301")
TEXTS = st.text(LETTERS, max_size=12)


def hits(text: str, wanted: str, **names: str) -> bool:
    """What the real index says."""
    database = sqlite3.connect(":memory:")
    try:
        database.execute(
            "CREATE VIRTUAL TABLE g USING fts5(t, content='', columnsize=0, detail=none, tokenize='ascii')"
        )
        database.execute("INSERT INTO g (rowid, t) VALUES (1, ?)", [index(text, **NAMES)])
        return bool(database.execute("SELECT rowid FROM g WHERE g MATCH ?", [query(wanted, **names)]).fetchall())
    finally:
        database.close()


@given(st.text())
def test_a_normal_form_is_its_own(text: str) -> None:
    assert normal(normal(text)) == normal(text)


def test_width_case_and_white_space_are_folded_away() -> None:
    assert normal(" Ｈｅｌｌｏ\n\t WORLD ﬁ ") == "hello world fi"


@given(TEXTS, TEXTS)
@example("今天天气好", "天气")
@example("今天", "天")
@example("ab", "b")
@example("abc", "ab")
@example('say "hi" OR x', '"hi" or')
@example("x中", "x中")
def test_the_index_finds_every_text_that_contains_another(text: str, part: str) -> None:
    wanted = normal(part)
    if wanted and contains(text, wanted):
        assert hits(text, wanted)


@given(TEXTS, st.integers(0, 12), st.integers(1, 12))
def test_the_index_finds_every_part_of_a_text(text: str, start: int, length: int) -> None:
    if wanted := normal(normal(text)[start : start + length]):
        assert hits(text, wanted)


@given(st.text(min_size=1))
def test_an_index_and_a_query_hold_only_words(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9 ]*", index(text, **NAMES))
    if wanted := normal(text):
        assert re.fullmatch(r'"[a-z0-9]+"(\*|( AND "[a-z0-9]+")*)', query(wanted))


def test_a_text_without_the_pieces_is_no_hit() -> None:
    assert not hits("hello world", "hallo")


def test_a_name_narrows() -> None:
    assert hits("hello", "hello", user="42")
    assert not hits("hello", "hello", user="43")


def test_a_short_text_is_no_name() -> None:
    assert not hits("hello", "x")


def test_a_text_shorter_than_a_piece_is_short() -> None:
    assert [is_short(text) for text in ("中", "中文", "ab", "abc", "a中")] == [True, False, True, False, True]


def test_a_very_long_text_is_indexed_by_its_beginning() -> None:
    long = "x" * MOST_CHARACTERS + "end"
    assert (contains(long, "xxx"), contains(long, "end"), hits(long, "end")) == (True, False, False)
