from __future__ import annotations

import hmac
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core import chain
from kagami.core.chain import (
    CHANGED,
    CUT,
    GAP,
    MOVED,
    OTHER,
    SHORT,
    UNSAID,
    Links,
    Verdict,
    Walk,
    canonical,
    fits,
    link,
)

KEY = b"a key of the audit"
Rows = list[tuple[Any, ...]]


def rows(count: int = 5, *, first: int = 1, before: str = "", **cut: str) -> Rows:
    """A sound chain; `cut` gives the target of its last row."""
    made: Rows = []
    for seq in range(first, first + count):
        last = seq == first + count - 1
        told = (CUT, cut["cut"], "ok") if cut and last else ("bots.list", f'{{"n":{seq}}}', "ok")
        fields = (seq, 1_000 + seq, "person", "admin", "192.0.2.7", *told)
        before = link(KEY, before, fields)
        made.append((*fields, before))
    return made


def verdict(found: Rows, anchors: dict[int, str] | None = None, key: bytes = KEY) -> Verdict:
    walk = Walk(key, anchors or {})
    walk.take(found)
    return walk.finish()


@given(
    st.binary(max_size=200), st.text("0123456789abcdef", max_size=64), st.lists(st.text(st.characters(codec="utf-8")))
)
def test_a_link_is_an_hmac(key: bytes, before: str, fields: list[str]) -> None:
    assert Links(key).link(before, fields) == hmac.digest(key, before.encode() + canonical(fields), "sha256").hex()


def test_the_canonical_form_never_changes() -> None:
    fields = (1, 2, "chat", "qq:1", "", "messages.clean", '{"days":7}', "ok — 好")
    assert canonical(fields) == '[1,2,"chat","qq:1","","messages.clean","{\\"days\\":7}","ok — 好"]'.encode()


def test_a_whole_chain_is_good() -> None:
    made = rows()
    assert verdict(made, {3: made[2][-1]}) == Verdict(ok=True, rows=5, first=1, last=5, anchors=1)


def test_an_empty_chain_is_good() -> None:
    assert verdict([], {0: ""}) == Verdict(ok=True)


@pytest.mark.parametrize("column", range(1, 8))
def test_a_changed_field_is_found_at_its_row(column: int) -> None:
    made = rows()
    row = list(made[2])
    row[column] = row[column] + 1 if isinstance(row[column], int) else f"{row[column]} "
    made[2] = tuple(row)
    found = verdict(made)
    assert (found.ok, found.row, found.why) == (False, 3, CHANGED)


def test_a_row_that_is_missing_is_found() -> None:
    found = verdict([row for row in rows() if row[0] != 3])
    assert (found.row, found.why) == (3, GAP)


def test_rows_that_changed_places_are_found() -> None:
    made = rows()
    made[1], made[3] = made[3], made[1]
    assert verdict(made).row == 2


def test_a_row_that_comes_twice_is_found() -> None:
    made = rows()
    found = verdict([*made, made[-1]])
    assert (found.row, found.why) == (6, MOVED)


def test_a_chain_of_another_key_is_found() -> None:
    assert verdict(rows(), key=b"another").row == 1


def test_an_end_that_is_missing_is_known_to_an_anchor() -> None:
    made = rows()
    found = verdict(made[:3], {5: made[4][-1]})
    assert (found.row, found.why, found.rows) == (4, SHORT, 3)


def test_everything_missing_is_known_to_an_anchor() -> None:
    assert verdict([], {5: "ab"}).row == 1


def test_an_older_copy_that_went_on_is_known_to_an_anchor() -> None:
    made = rows()
    other = rows(2, first=4, before=made[2][-1], cut="another row")
    found = verdict(made[:3] + other, {5: made[4][-1]})
    assert (found.row, found.why) == (5, OTHER)


def test_removed_rows_need_an_anchor_and_a_row_that_says_so() -> None:
    made = rows()
    later = rows(4, first=6, before=made[-1][-1], cut='{"seq":5}')
    assert verdict(later, {5: made[-1][-1]}) == Verdict(ok=True, rows=4, first=6, last=9)
    assert verdict(later).why == GAP


@pytest.mark.parametrize("target", ['{"seq":4}', "{}", "nonsense", "[]"])
def test_removed_rows_that_no_row_tells_of_are_found(target: str) -> None:
    made = rows()
    later = rows(4, first=6, before=made[-1][-1], cut=target)
    found = verdict(later, {5: made[-1][-1]})
    assert (found.row, found.why) == (6, UNSAID)


def test_nothing_is_followed_behind_the_first_broken_row() -> None:
    walk = Walk(KEY, {})
    walk.spoil(7, chain.CHANGED)
    assert not walk.take(rows())
    assert (walk.finish().row, walk.rows) == (7, 0)


@pytest.mark.parametrize("given", [rows(), rows(1), rows(first=7, before="x"), [], rows(1, first=7)])
def test_rows_fit_the_key_that_sealed_them(given: Rows) -> None:
    assert fits(KEY, given[::-1])


@pytest.mark.parametrize("given", [rows(), rows(1), rows(first=7, before="x")])
def test_rows_of_another_key_do_not_fit(given: Rows) -> None:
    assert not fits(b"another", given[::-1])


def test_a_changed_row_leaves_others_that_fit() -> None:
    given = rows()
    given[-1] = (*given[-1][:3], "nobody", *given[-1][4:])
    assert fits(KEY, given[::-1])
