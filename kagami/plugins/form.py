"""Forms: a Struct or a dataclass whose fields are asked one after the other."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeGuard, Union, get_args, get_origin, get_type_hints

import msgspec

from kagami.core.words import kind_of, numbered
from kagami.plugins.expected import Expected

SKIP_WORDS = frozenset({"-", "skip", "跳过"})


@dataclass(frozen=True, slots=True)
class Ask:
    """How a field is asked for: `days: Annotated[int, Ask("How many days?", ge=1, le=7)]`.

    `ge` and `le` bound numbers (seconds for durations), `choices` are numbered. Without a prompt the field's name is
    asked for.
    """

    prompt: str = ""
    ge: float | None = None
    le: float | None = None
    choices: tuple[Any, ...] = ()


class Blank(NamedTuple):
    """One field of a form. `optional` may be skipped; it is then `None` when it has `no_default`."""

    name: str
    prompt: str
    expected: Expected
    optional: bool
    no_default: bool


def blanks_of(kind: type) -> list[Blank]:
    """The fields of a Struct or dataclass, in order. `TypeError` for other classes, and fields nobody can write."""
    return [_blank(name, hint, required=required) for name, hint, required in _fields(kind)]


def _fields(kind: type) -> Iterator[tuple[str, Any, bool]]:
    """Names, annotations, and whether there is no default."""
    if issubclass(kind, msgspec.Struct):
        for each in msgspec.structs.fields(kind):
            yield each.name, each.type, each.required
    elif _is_dataclass(kind):
        hints = get_type_hints(kind, include_extras=True)
        for field in dataclasses.fields(kind):
            if field.init:
                empty = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
                yield field.name, hints[field.name], empty
    else:
        raise TypeError(f"{kind.__name__} is neither a Struct nor a dataclass")


def _is_dataclass(kind: type) -> TypeGuard[Any]:
    return dataclasses.is_dataclass(kind)


def _blank(name: str, hint: Any, *, required: bool) -> Blank:
    inner, ask, nothing = _unwrapped(hint)
    try:
        wanted = numbered(ask.choices) if ask.choices else kind_of(inner)
    except TypeError as error:
        raise TypeError(f"field {name}: {error}") from None
    lines = [ask.prompt or name.replace("_", " "), *(f"{place}. {each}" for place, each in enumerate(ask.choices, 1))]
    return Blank(name, "\n".join(lines), Expected(wanted, ask.ge, ask.le), nothing or not required, required)


def _unwrapped(hint: Any) -> tuple[Any, Ask, bool]:
    """The type itself, its `Ask`, and whether it may be None: `Annotated` may stand inside `| None` or around it."""
    ask, nothing = Ask(), False
    while True:
        if get_origin(hint) is Annotated:
            hint, *extras = get_args(hint)
            ask = next((each for each in extras if isinstance(each, Ask)), ask)
        elif get_origin(hint) in (Union, UnionType) and NoneType in get_args(hint):
            nothing = True
            left = [each for each in get_args(hint) if each is not NoneType]
            if len(left) != 1:
                return hint, ask, nothing
            hint = left[0]
        else:
            return hint, ask, nothing
