from __future__ import annotations

from typing import Any

import pytest

from kagami.errors import UsageError
from kagami.ports import Field
from kagami.tui.fields import expected, read, written
from tests.tui.plugged import FORM

DAYS = Field("days", "int", least=1, most=14)
SECONDS = Field("seconds", "float", least=0.5)
UNITS = Field("units", "choice", choices=("metric", 3, None))
NAMES = Field("names", "list")
ANY = Field("any", "json")
WORD = Field("word", "text")
ON = Field("on", "bool")


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (DAYS, " 14 ", 14),
        (SECONDS, "0.5", 0.5),
        (SECONDS, "1e3", 1000.0),
        (UNITS, "metric", "metric"),
        (UNITS, "3", 3),
        (NAMES, '["北京", 2]', ["北京", 2]),
        (ANY, '{"a": null}', {"a": None}),
        (WORD, " as it is ", " as it is "),
        (ON, "Yes", True),
        (ON, "off", False),
    ],
)
def test_good_text_becomes_a_value(field: Field, text: str, value: Any) -> None:
    assert read(field, text, str) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (DAYS, "0"),
        (DAYS, "15"),
        (DAYS, "2.5"),
        (DAYS, ""),
        (DAYS, "9" * 5_000),
        (SECONDS, "0.4"),
        (SECONDS, "nan"),
        (SECONDS, "inf"),
        (UNITS, "imperial"),
        (NAMES, "北京"),
        (NAMES, '{"a": 1}'),
        (ANY, "{"),
        (ON, "perhaps"),
    ],
)
def test_bad_text_is_told_what_was_expected(field: Field, text: str) -> None:
    with pytest.raises(UsageError, match="expected: "):
        read(field, text, str)


@pytest.mark.parametrize("field", FORM, ids=lambda field: field.name)
def test_what_is_written_is_read_back(field: Field) -> None:
    assert read(field, written(field, field.value), str) == field.value


def test_limits_are_named() -> None:
    assert expected(DAYS, str) == "a whole number from 1 to 14"
    assert expected(SECONDS, str) == "a number at least 0.5"
    assert expected(Field("x", "int", most=9), str) == "a whole number at most 9"


def test_choices_are_named() -> None:
    assert expected(Field("x", "choice", choices=("a", "b")), str) == "a | b"
