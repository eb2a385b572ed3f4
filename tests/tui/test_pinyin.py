from __future__ import annotations

import pytest

from kagami.tui.pinyin import initials


@pytest.mark.parametrize(
    ("text", "letters"),
    [("日志", "rz"), ("机器人", "jqr"), ("沙盒", "sh"), ("总览", "zl"), ("F3 中文", "f3zw"), ("", ""), ("🙂", "")],
)
def test_the_first_letter_of_every_syllable(text: str, letters: str) -> None:
    assert initials(text) == letters
