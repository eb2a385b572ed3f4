"""Why a request was refused before it was one, in the words of the house."""

from __future__ import annotations

import re
from typing import get_type_hints

import msgspec

from kagami.core.wanted import wanted
from kagami.errors import MissingField, UnfitField, UnknownField, UsageError
from kagami.i18n import Translate

# As msgspec words them; `tests/operations/test_misfit.py` holds the library to it.
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]+)`")
_PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`$")


def misfit(request: type[msgspec.Struct], error: msgspec.ValidationError, t: Translate = str) -> UsageError:
    """The error that names the field. A wrong value is not repeated: it may be a secret."""
    text = str(error)
    found = _PLACE.search(text)
    place = found["place"] if found else ""
    if missing := _MISSING.search(text):
        return MissingField(field=_below(place, missing["name"]))
    if unknown := _UNKNOWN.search(text):
        return UnknownField(field=_below(place, unknown["name"]))
    name = re.split(r"[.\[]", place)[0]
    kind = get_type_hints(request, include_extras=True).get(name)
    if kind is None:
        return UsageError(reason=_PLACE.sub("", text))
    return UnfitField(field=name, wanted=wanted(kind, t))


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
