from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.routing import Rule
from kagami.errors import UsageError
from kagami.operations.routes import RouteList, RouteRow
from kagami.tui.route_draft import Draft, differences, read_rules, spelled

A, B, C, D = (Rule(f"user:{name}", "plugins") for name in "abcd")


def draft(*rules: Rule) -> Draft:
    made = Draft()
    made.take(3, rules)
    return made


def test_edits_are_pending_until_they_are_discarded() -> None:
    made = draft(A, B, C)
    first, second, third = (item.key for item in made.items)
    made.change(first, D)
    made.remove(second)
    added = made.add(B, after=third)
    assert made.rules == [D, C, B]
    assert made.pending == {first, second, added}
    assert made.saved == [A, B, C]
    made.discard()
    assert (made.rules, made.pending, made.version) == ([A, B, C], frozenset(), 3)


def test_what_is_put_back_is_not_pending() -> None:
    made = draft(A, B)
    key = made.items[0].key
    made.move(key, 1)
    assert len(made.pending) == 1
    made.move(key, -1)
    made.change(key, D)
    made.change(key, A)
    assert not made.pending


def test_a_move_ends_at_the_edges() -> None:
    made = draft(A, B)
    made.move(made.items[0].key, -1)
    made.move(made.items[1].key, 1)
    made.move("none", 1)
    assert made.rules == [A, B]


def test_a_rule_keeps_its_key_when_the_list_is_read_again() -> None:
    made = draft(A, B, B)
    keys = {item.key: item.rule for item in made.items}
    made.take(4, [B, A, B, C])
    assert {key: rule for key, rule in made.items if key in keys} == keys
    assert len({item.key for item in made.items}) == 4


@given(st.permutations(range(6)))
def test_what_is_not_pending_stands_in_its_old_order(order: list[int]) -> None:
    made = draft(*(Rule(f"user:{number}", "plugins") for number in range(6)))
    made.items = [made.items[number] for number in order]
    kept = [number for number, item in zip(order, made.items, strict=True) if item.key not in made.pending]
    assert kept == sorted(kept)
    assert kept


def test_lines_are_read_as_they_are_written() -> None:
    rules = [Rule("platform:qq & text:天气* => x", "plugin:weather", exclusive=True, enabled=False), A]
    assert read_rules([spelled(rule) for rule in rules]) == rules


def test_the_answer_of_the_command_line_can_be_imported() -> None:
    rows = RouteList(7, [RouteRow(1, A.match, A.to, hits=3, last_ms=4)])
    text = msgspec.json.format(msgspec.json.encode(rows)).decode()
    assert read_rules(text.splitlines()) == [A]


@pytest.mark.parametrize("line", ["user:a", "user:a => plugins ?", "=> plugins", "[1]", '{"rules": 1}', "{}", "[oops"])
def test_what_is_no_rule_is_refused(line: str) -> None:
    with pytest.raises(UsageError):
        read_rules([line])


def test_differences_name_what_came_and_went() -> None:
    off = Rule("user:b", "plugins", enabled=False)
    rows = differences([A, B, C], [A, off, C, D], "→", "(off)")
    assert rows == ["- user:b → plugins", "+ user:b → plugins (off)", "+ user:d → plugins"]
    assert differences([A], [A]) == []
