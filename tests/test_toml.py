"""Edits of TOML leave what people wrote where they wrote it."""

from __future__ import annotations

from typing import Any

import pytest
import tomlkit

from kagami.toml import edit_toml


def edited(text: str, *path: str | int, to: Any) -> str:
    document = tomlkit.parse(text)
    edit_toml(document, path, to)
    return tomlkit.dumps(document)


@pytest.mark.parametrize(
    ("text", "path", "value", "wanted"),
    [
        ("# c\n\n[a]\nx=1\n", ("top",), 2, "# c\ntop = 2\n\n[a]\nx=1\n"),
        ("[a]\nx  =  1 # why\n", ("a", "x"), 2, "[a]\nx  =  2 # why\n"),
        ("[a]\nx = 1\ny = 2 # why\n", ("a", "x"), None, "[a]\ny = 2 # why\n"),
        ("[a]\n# of x\nx = 1\n", ("a", "x"), None, "[a]\n# of x\n"),
        ("[a.b]\nx = 1\n", ("a", "y"), 2, "[a]\ny = 2\n\n[a.b]\nx = 1\n"),
        ("a = {x = 1, b = {}}\n", ("a", "b", "y"), 2, "a = {x = 1, b = {y = 2}}\n"),
        ("[b]\nx = 1\n[a]\n[b.c]\n", ("b", "x"), 2, "[b]\nx = 2\n[a]\n[b.c]\n"),
        ("", ("b", 0), {"x": 1}, "[[b]]\nx = 1\n"),
        ("[a]\nx = 1\n", ("a", "y", "z"), None, "[a]\nx = 1\n"),
    ],
)
def test_nothing_else_moves(text: str, path: tuple[str | int, ...], value: Any, wanted: str) -> None:
    assert edited(text, *path, to=value).strip() == wanted.strip()


@pytest.mark.parametrize("wanted", [["a", "c"], ["a"], ["a", "b", "c", "d"], ["c", "a"], []])
def test_lists_become_what_they_shall_be(wanted: list[str]) -> None:
    text = edited('x = [\n  "a",  # one\n  "b",\n  "c", # three\n]\n', "x", to=wanted)
    assert tomlkit.parse(text).unwrap() == {"x": wanted}
