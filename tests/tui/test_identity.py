from __future__ import annotations

import pytest

from kagami.errors import UsageError
from kagami.tui.identity import Identity, read_identity

ME = Identity()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("user:10002", Identity("10002", "me", "")),
        ("user:2 group:7 name:小明", Identity("2", "小明", "7")),
        ('name:"Ann B"', Identity("10001", "Ann B", "")),
    ],
)
def test_fields_replace_what_was_before(words: str, expected: Identity) -> None:
    assert read_identity(words, ME) == expected


def test_a_dash_leaves_the_group() -> None:
    assert read_identity("group:-", Identity(group="7")).group == ""


@pytest.mark.parametrize("words", ["", "nonsense", "user:1 and more", "role:admin"])
def test_anything_else_is_refused(words: str) -> None:
    with pytest.raises(UsageError):
        read_identity(words, ME)


def test_the_chat_is_private_or_the_group() -> None:
    assert ME.chat == "private:10001"
    assert Identity(group="7").chat == "group:7"
