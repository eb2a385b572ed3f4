"""The command line: places with what to look for, the eye's settings, and every operation of the engine."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kagami.errors import NotFound, UsageError
from kagami.i18n import LANGUAGES, mark
from kagami.operations import registry
from kagami.operations.registry import Operation, from_words
from kagami.tui.looks import THEMES, TIERS
from kagami.tui.places import BY_NAME

_SHORT = {
    "home": "overview",
    "log": "logs",
    "bot": "bots",
    "chat": "chats",
    "plug": "plugins",
    "traces": "trace",
    "try": "sandbox",
}
_CHOICES: Mapping[str, tuple[str, ...]] = {"lang": LANGUAGES, "theme": THEMES, "glyphs": TIERS}
_QUIT = ("q", "quit", "exit")


@dataclass(frozen=True, slots=True)
class Go:
    """Open a place at something."""

    place: str
    target: str


@dataclass(frozen=True, slots=True)
class Choose:
    """Set `lang`, `theme` or `glyphs`."""

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Run:
    """Call an operation."""

    operation: Operation
    request: msgspec.Struct


@dataclass(frozen=True, slots=True)
class Act:
    """Do a global action."""

    id: str


Command = Go | Choose | Run | Act


def words() -> tuple[str, ...]:
    """What can be typed, for completion."""
    settings = [f"{what} {value}" for what, values in _CHOICES.items() for value in values]
    operations = [f"{each.topic} {each.verb}" for each in registry().by_name.values()]
    return (*BY_NAME, *settings, *operations, "help", "quit")


def parse(line: str) -> Command:
    """What a line asks for; `UsageError` says what was expected.

    `bots list` is an operation, `bots napcat` a place with something to look for: the second word decides.
    """
    head, _, rest = line.strip().removeprefix(":").strip().partition(" ")
    rest = rest.strip()
    if head in _CHOICES:
        return _choice(head, rest)
    if head in _QUIT:
        return Act("app.quit")
    if head == "help":
        return Act("help.screen")
    found = _operation(head, rest)
    if found is not None:
        return found
    place = _SHORT.get(head, head)
    if place in BY_NAME:
        return Go(place, rest)
    raise UsageError(
        reason=mark("Expected a place, an operation such as `plugins reload`, or lang, theme, glyphs, help, quit.")
    )


def _choice(what: str, value: str) -> Choose:
    if value not in _CHOICES[what]:
        raise UsageError(reason=f"{what}: {' | '.join(_CHOICES[what])}")
    return Choose(what, value)


def _operation(topic: str, rest: str) -> Run | None:
    verb, _, given = rest.partition(" ")
    try:
        found = registry().find(f"{topic}.{verb}")
    except NotFound:
        return None
    return Run(found, build(found, given))


def build(found: Operation, given: str) -> msgspec.Struct:
    """The request of an operation from `name=value` words; the first bare word is its first field."""
    values = _values(found, given)
    if any(field.required and field.encode_name not in values for field in msgspec.structs.fields(found.request)):
        raise UsageError(reason=usage(found))
    try:
        return from_words(found, values)
    except msgspec.ValidationError as error:
        raise UsageError(reason=f"{error}. {usage(found)}") from None


def _values(found: Operation, given: str) -> dict[str, str]:
    names = [field.encode_name for field in msgspec.structs.fields(found.request)]
    values: dict[str, str] = {}
    try:
        parts = shlex.split(given)
    except ValueError as error:
        raise UsageError(reason=str(error)) from None
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals or name not in names:
            free = [each for each in names if each not in values]
            if not free:
                raise UsageError(reason=usage(found))
            name, value = free[0], part
        values[name] = value
    return values


def usage(found: Operation) -> str:
    """`messages clean days=…`."""
    fields = msgspec.structs.fields(found.request)
    shown = (f"{each.encode_name}=…" if each.required else f"[{each.encode_name}=…]" for each in fields)
    return " ".join([found.topic, found.verb, *shown])


def answer_rows(answer: Any) -> list[str]:
    """What an operation answered, as rows of `name  value`; every value may be foreign."""
    plain = msgspec.to_builtins(answer)
    if plain is None:
        return []
    return _rows(plain, 0)


def _rows(value: Any, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, dict):
        rows: list[str] = []
        for name, each in value.items():
            inner = _rows(each, depth + 1)
            one = len(inner) == 1 and not isinstance(each, (dict, list))
            rows += [f"{indent}{name:<14} {inner[0].strip()}"] if one else [f"{indent}{name}", *inner]
        return rows
    if isinstance(value, list):
        return [row for each in value for row in (*_rows(each, depth), *([""] if isinstance(each, dict) else []))]
    return [f"{indent}{value}"]
