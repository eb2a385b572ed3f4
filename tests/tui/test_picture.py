from __future__ import annotations

from kagami.tui.picture import widened


def test_wide_characters_have_the_room_that_they_take() -> None:
    svg = '<text x="0" textLength="36.6" clip-path="url(#a)">总a&lt;</text>'
    assert widened(svg) == '<text x="0" textLength="48.8" clip-path="url(#a)">总a&lt;</text>'


def test_other_texts_stay_as_they_are() -> None:
    svg = '<text x="0" textLength="48.8" y="1">a&#160;b&amp;</text>'
    assert widened(svg) == svg
