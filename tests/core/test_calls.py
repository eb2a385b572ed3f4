"""Which answer belongs to which call."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kagami.core.calls import Calls


def test_an_answer_reaches_the_call_with_its_echo() -> None:
    calls: Calls[str] = Calls()
    first, second = list[str](), list[str]()
    calls.issue(first.append)
    calls.resolve(calls.issue(second.append), "yes")
    assert (first, second) == ([], ["yes"])


def test_a_second_answer_to_the_same_call_belongs_to_nobody() -> None:
    calls: Calls[str] = Calls()
    got = list[str]()
    echo = calls.issue(got.append)
    assert [calls.resolve(echo, "one"), calls.resolve(echo, "two")] == [True, False]
    assert got == ["one"]


def test_a_forgotten_call_gets_no_answer() -> None:
    calls: Calls[str] = Calls()
    got = list[str]()
    echo = calls.issue(got.append)
    calls.forget(echo)
    assert not calls.resolve(echo, "late")
    assert not got


@given(st.one_of(st.none(), st.integers(), st.text(), st.lists(st.integers()), st.dictionaries(st.text(), st.none())))
def test_an_echo_that_was_never_issued_belongs_to_nobody(echo: object) -> None:
    assert not Calls[str]().resolve(echo, "whose")


def test_abandoning_answers_all_who_wait_and_nobody_twice() -> None:
    calls: Calls[str] = Calls()
    got = list[str]()
    echoes = [calls.issue(got.append) for _ in range(3)]
    assert (calls.abandon("gone"), len(calls), got) == (3, 0, ["gone"] * 3)
    assert not any(calls.resolve(echo, "late") for echo in echoes)


@given(st.permutations(range(20)))
def test_every_order_of_answers_finds_its_calls(order: list[int]) -> None:
    calls: Calls[int] = Calls()
    boxes: list[list[int]] = [[] for _ in order]
    echoes = [calls.issue(box.append) for box in boxes]
    for place in order:
        calls.resolve(echoes[place], place)
    assert boxes == [[place] for place in range(len(order))]
