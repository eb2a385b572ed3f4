"""The words of the library under the requests, and what people read instead."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
import pytest

from kagami.errors import UsageError
from kagami.operations.misfit import misfit


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    name: str


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    bot: str
    count: Annotated[int, msgspec.Meta(ge=1, le=9)] = 1
    kind: Literal["in", "out"] = "in"
    words: list[str] = []
    inner: Inner | None = None


def error_of(text: str) -> UsageError:
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode(text, type=Asked)
    return misfit(Asked, caught.value)


@pytest.mark.parametrize(
    ("body", "told", "field"),
    [
        ("{}", "bot is missing.", "bot"),
        ('{"bot": "a", "nope": 1}', "nope is nothing that is known here.", "nope"),
        ('{"bot": 1}', "bot: a text is wanted.", "bot"),
        ('{"bot": "a", "count": 10}', "count: a whole number from 1 to 9 is wanted.", "count"),
        ('{"bot": "a", "count": "x"}', "count: a whole number from 1 to 9 is wanted.", "count"),
        ('{"bot": "a", "kind": "x"}', "kind: one of in, out is wanted.", "kind"),
        ('{"bot": "a", "words": 1}', "words: a list is wanted.", "words"),
        ('{"bot": "a", "inner": {}}', "inner.name is missing.", "inner.name"),
        ('{"bot": "a", "words": [1]}', "words: a list is wanted.", "words"),
        ("[]", "Expected `object`, got `array`", None),
    ],
)
def test_the_field_is_named(body: str, told: str, field: str | None) -> None:
    error = error_of(body)
    assert (error.text(), error.details.get("field")) == (told, field)


def test_a_wrong_value_is_not_repeated() -> None:
    assert "hunter2" not in repr(error_of('{"bot": "a", "kind": "hunter2"}').details)


def test_it_is_said_in_the_language_that_is_asked_for() -> None:
    words = {"one of {}": "{} 之一", "{field}: {wanted} is wanted.": "{field}：应为{wanted}。"}
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.json.decode('{"bot": "a", "kind": "x"}', type=Asked)

    def t(text: str) -> str:
        return words.get(text, text)

    assert misfit(Asked, caught.value, t).text(t) == "kind：应为in, out 之一。"
