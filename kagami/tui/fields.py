"""A plugin's settings as text that can be typed, and typed text as values, checked against their limits at once."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from kagami.errors import UsageError
from kagami.i18n import Translate, mark
from kagami.ports import Field

_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


def written(field: Field, value: Any) -> str:
    """A value as it would be typed; nothing for none."""
    if value is None:
        return ""
    if field.kind in ("list", "json") or isinstance(value, (dict, list)):
        return msgspec.json.encode(value).decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def read(field: Field, text: str, t: Translate) -> Any:
    """The value of a typed text; `UsageError` says what was expected."""
    readers = {"bool": _bool, "int": _int, "float": _float, "choice": _choice, "list": _list, "json": _json}
    reader = readers.get(field.kind)
    return reader(field, text.strip(), t) if reader else text


def expected(field: Field, t: Translate) -> str:
    """What may be typed, for the line below a field."""
    if field.kind == "choice":
        return " | ".join(written(field, each) for each in field.choices)
    words = {
        "bool": mark("on or off"),
        "int": mark("a whole number"),
        "float": mark("a number"),
        "list": mark('a JSON list, for example ["a", "b"]'),
        "json": mark("a JSON value"),
    }
    told = t(words[field.kind]) if field.kind in words else t(mark("any text"))
    return " ".join(filter(None, (told, _limits(field, t))))


def _limits(field: Field, t: Translate) -> str:
    least, most = field.least, field.most
    if least is not None and most is not None:
        return t(mark("from {least} to {most}")).format(least=f"{least:g}", most=f"{most:g}")
    if least is not None:
        return t(mark("at least {least}")).format(least=f"{least:g}")
    return t(mark("at most {most}")).format(most=f"{most:g}") if most is not None else ""


def _refuse(field: Field, t: Translate) -> UsageError:
    return UsageError(reason=t(mark("expected: {what}")).format(what=expected(field, t)))


def _bool(field: Field, text: str, t: Translate) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise _refuse(field, t)
    return text.lower() in _TRUE


def _int(field: Field, text: str, t: Translate) -> int:
    try:
        value = int(text)
    except ValueError:
        raise _refuse(field, t) from None
    return int(_within(field, value, t))


def _float(field: Field, text: str, t: Translate) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _refuse(field, t) from None
    if not math.isfinite(value):
        raise _refuse(field, t)
    return _within(field, value, t)


def _within(field: Field, value: float, t: Translate) -> float:
    low = field.least is not None and value < field.least
    if low or (field.most is not None and value > field.most):
        raise _refuse(field, t)
    return value


def _choice(field: Field, text: str, t: Translate) -> Any:
    for each in field.choices:
        if written(field, each) == text:
            return each
    raise _refuse(field, t)


def _json(field: Field, text: str, t: Translate) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        raise _refuse(field, t) from None


def _list(field: Field, text: str, t: Translate) -> list[Any]:
    value = _json(field, text, t)
    if not isinstance(value, list):
        raise _refuse(field, t)
    return value
