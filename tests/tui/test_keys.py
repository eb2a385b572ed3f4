from __future__ import annotations

import pytest

from kagami.tui.keys import Action, bindings, shown, writes


@pytest.mark.parametrize(
    ("key", "name"),
    [("ctrl+p", "^P"), ("enter", "⏎"), ("space", "␣"), ("f3", "F3"), ("slash", "/"), ("G", "G"), ("s", "s")],
)
def test_keys_have_names_for_people(key: str, name: str) -> None:
    assert shown(key) == name


def test_plain_names_are_ascii() -> None:
    assert all(shown(key, plain=True).isascii() for key in ("enter", "space", "shift+left", "up", "tab"))


def test_every_key_of_an_action_is_bound_to_it() -> None:
    made = bindings([Action("a.b", ("x", "ctrl+x"), "label", "text")])
    assert [(each.key, each.action, each.show) for each in made] == [
        ("x", "act('a.b')", False),
        ("ctrl+x", "act('a.b')", False),
    ]


def test_keys_that_are_characters_are_known() -> None:
    assert [each for each in ("a", "G", "5", "space", "slash", "question_mark") if not writes(each)] == []
    assert [each for each in ("enter", "escape", "up", "ctrl+p", "f1", "tab") if writes(each)] == []
