from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest

from kagami.core.secrets import Secret
from kagami.core.wanted import meta_of, plain_type, wanted

Port = Annotated[int, msgspec.Meta(ge=0, le=65_535)]


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (Port, "a whole number from 0 to 65535"),
        (Port | None, "a whole number from 0 to 65535"),
        (int, "a whole number of at least 0"),
        (Annotated[float, msgspec.Meta(gt=0)], "a number above 0"),
        (Annotated[float, msgspec.Meta(gt=0, le=9)], "a number from 0 to 9"),
        (Annotated[str, msgspec.Meta(examples=["qq:1"])], "a text like qq:1"),
        (Annotated[str, msgspec.Meta(max_length=9)], "a text of at most 9 characters"),
        (Secret, "a text"),
        (bool, "true or false"),
        (tuple[str, ...], "a list"),
        (dict[str, int], "a table"),
        (Literal["", "zh"], 'one of "", zh'),
        (bytes, "something else"),
    ],
)
def test_a_type_is_told_in_words(kind: Any, told: str) -> None:
    assert wanted(kind, str) == told


def test_what_stands_around_a_type_is_taken_off() -> None:
    assert plain_type(Port | None) is int
    assert meta_of(Port | None) == msgspec.Meta(ge=0, le=65_535)
    assert meta_of(int) == msgspec.Meta()
