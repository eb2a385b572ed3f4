"""Names by the words around them."""

from __future__ import annotations

import pytest

from kagami.core.privacy.names import names


def shown(text: str) -> list[str]:
    return sorted({text[start:end] for start, end in names(text)})


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我叫张伟今年二十", "张伟"),
        ("我叫欧阳修", "欧阳修"),
        ("我是李雷的妈妈", "李雷"),
        ("和王老师说", "王老师"),
        ("我叫阿迪力·买买提", "阿迪力·买买提"),
        ("my name is ada lovelace", "ada lovelace"),
        ("I'm Jean-Luc Picard.", "Jean-Luc Picard"),
        ("ask Dr. Jane Foster", "Jane Foster"),
    ],
)
def test_what_is_said_to_be_a_name_is_one(text: str, name: str) -> None:
    assert shown(text) == [name]


@pytest.mark.parametrize("text", ["我是高兴的", "叫我起床", "我是程序员", "任何先生", "I am Chinese", "call me Later"])
def test_other_words_in_the_same_place_are_none(text: str) -> None:
    assert shown(text) == []
