"""What no operation should have to look at: numbers that no database takes, texts that are none."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from kagami.errors import UsageError
from kagami.i18n import mark

SMALLEST, LARGEST = -(1 << 63), (1 << 63) - 1
# A request has few fields; what is nested deeper than this is not meant well.
DEEPEST = 20


def refuse_odd(request: msgspec.Struct) -> None:
    """`UsageError` naming the field that holds a number beyond 64 bits, half a character, or the character NUL."""
    for name, value in msgspec.structs.asdict(request).items():
        if reason := _oddness(value, DEEPEST):
            raise UsageError(reason=reason, field=name)


def _oddness(value: Any, deep: int) -> str:
    if isinstance(value, str):
        return _text_oddness(value)
    if isinstance(value, int | float):
        return _number_oddness(value)
    if isinstance(value, msgspec.Struct):
        value = msgspec.structs.asdict(value)
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        if not deep:
            return mark("A value is nested too deeply.")
        return next((reason for each in value if (reason := _oddness(each, deep - 1))), "")
    return ""


def _number_oddness(number: float) -> str:
    if not math.isfinite(number):
        return mark("A number is not finite.")
    return mark("A number is too large.") if isinstance(number, int) and not SMALLEST <= number <= LARGEST else ""


def _text_oddness(text: str) -> str:
    if "\0" in text:
        return mark("A text holds the character NUL.")
    try:
        text.encode()
    except UnicodeEncodeError:
        return mark("A text holds half a character.")
    return ""
