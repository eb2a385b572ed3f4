from __future__ import annotations

from kagami.core.newest import Newest


def test_what_was_set_longest_ago_goes_first_and_is_named() -> None:
    kept: Newest[str, int] = Newest(2)
    assert [kept.put(key, place) for place, key in enumerate("aba")] == [None, None, None]
    assert kept.put("c", 3) == "b"
    assert (list(kept.items()), list(kept)) == ([("a", 2), ("c", 3)], [2, 3])


def test_what_was_taken_out_makes_room() -> None:
    kept: Newest[str, int] = Newest(1)
    kept["a"] = 1
    assert (kept.pop("a"), kept.pop("a"), kept.get("a")) == (1, None, None)
    assert kept.put("b", 2) is None
