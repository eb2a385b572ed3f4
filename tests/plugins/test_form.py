from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
import pytest

from kagami.core.words import STRING
from kagami.plugins.form import Ask, blanks_of


@dataclass
class Booking:
    city: str
    days: Annotated[int, Ask("How many days?", ge=1, le=7)]
    colour: Annotated[str | None, Ask("Colour?", choices=("red", "blue"))]
    seat_row: Annotated[int, Ask()] | None = None
    serial: int = field(default=0, init=False)


class Note(msgspec.Struct):
    text: str
    pages: int = 1


def test_the_fields_of_a_dataclass_are_asked_in_order() -> None:
    assert [blank.name for blank in blanks_of(Booking)] == ["city", "days", "colour", "seat_row"]


@pytest.mark.parametrize(
    ("place", "prompt"), [(0, "city"), (1, "How many days?"), (2, "Colour?\n1. red\n2. blue"), (3, "seat row")]
)
def test_a_field_is_asked_by_its_prompt_or_its_name(place: int, prompt: str) -> None:
    assert blanks_of(Booking)[place].prompt == prompt


@pytest.mark.parametrize(("place", "optional", "no_default"), [(0, False, True), (2, True, True), (3, True, False)])
def test_what_may_be_none_or_has_a_default_can_be_skipped(place: int, optional: bool, no_default: bool) -> None:
    blank = blanks_of(Booking)[place]
    assert (blank.optional, blank.no_default) == (optional, no_default)


def test_limits_are_those_of_the_question() -> None:
    expected = blanks_of(Booking)[1].expected
    assert (expected.ge, expected.le) == (1, 7)


def test_a_struct_is_a_form_too() -> None:
    text, pages = blanks_of(Note)
    assert (text.expected.kind, text.optional, pages.optional) == (STRING, False, True)


class Odd(msgspec.Struct):
    what: dict[str, int]


@pytest.mark.parametrize(("kind", "says"), [(Odd, "field what"), (int, "neither a Struct nor a dataclass")])
def test_what_nobody_can_write_is_refused(kind: Any, says: str) -> None:
    with pytest.raises(TypeError, match=says):
        blanks_of(kind)
