"""Texts as patterns see them, and which spans stay."""

from __future__ import annotations

from kagami.core.privacy.span import Plain, Span, settle


def test_invisible_signs_do_not_move_the_places_of_what_is_found() -> None:
    plain = Plain("a\u200b1\u200b2b")
    assert plain.text == "a12b"
    assert plain.span("phone", 1, 3) == Span("phone", 2, 5)


def test_full_width_signs_are_plain_ones() -> None:
    assert Plain("１３８－ＡＢ＠．").text == "138-AB@."


def test_the_longest_stays_and_equals_go_by_their_order() -> None:
    found = [Span("phone", 0, 11), Span("mail", 0, 20), Span("card", 30, 46), Span("id", 30, 46), Span("ip", 46, 50)]
    assert settle(found) == [Span("mail", 0, 20), Span("id", 30, 46), Span("ip", 46, 50)]
