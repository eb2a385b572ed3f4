from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kagami.core.dedupe import Window


def test_a_key_is_new_once() -> None:
    window = Window(10)
    assert window.add("qq:1", "m:5")
    assert not window.add("qq:1", "m:5")


def test_accounts_do_not_share_keys() -> None:
    window = Window(10)
    window.add("qq:1", "m:5")
    assert window.add("qq:2", "m:5")


def test_the_oldest_key_is_forgotten_first() -> None:
    window = Window(2)
    for key in "abc":
        window.add("qq:1", key)
    assert not window.add("qq:1", "c")
    assert not window.add("qq:1", "b")
    assert window.add("qq:1", "a")


@given(st.lists(st.text(max_size=3)), st.integers(1, 8))
def test_it_never_holds_more_than_its_capacity(keys: list[str], capacity: int) -> None:
    window = Window(capacity)
    for key in keys:
        window.add("qq:1", key)
    assert len(window) == min(capacity, len(set(keys))) or len(window) <= capacity
