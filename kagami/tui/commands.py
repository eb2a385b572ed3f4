"""The command line: places with what to look for, the eye's settings, and every operation of the engine."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from kagami.errors import NotFound, UsageError
from kagami.i18n import LANGUAGES, mark
from kagami.operations import registry
from kagami.operations.misfit import misfit
from kagami.operations.registry import Operation, from_words
from kagami.tui.looks import DENSE, THEMES, TIERS
from kagami.tui.places import BY_NAME

_SHORT = {
    "home": "overview",
    "log": "logs",
    "bot": "bots",
    "chat": "chats",
    "plug": "plugins",
    "route": "routes",
    "traces": "trace",
    "try": "sandbox",
    "set": "settings",
}
DENSITIES = ("airy", DENSE)
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "lang": LANGUAGES,
    "theme": THEMES,
    "glyphs": TIERS,
    "density": DENSITIES,
}
_AGO = re.compile(r"-[0-9]+[smh]")
_QUIT = ("q", "quit", "exit")


@dataclass(frozen=True, slots=True)
class Go:
    """Open a place at something, and look at a moment there."""

    place: str
    target: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class Choose:
    """Set `lang`, `theme`, `glyphs` or `density`."""

    what: str
    value: str


@dataclass(frozen=True, slots=True)
class Run:
    """Call an operation."""

    operation: Operation
    request: msgspec.Struct


@dataclass(frozen=True, slots=True)
class LookAt:
    """Look at a moment of the last hour, as a person writes it; empty for now."""

    when: str


@dataclass(frozen=True, slots=True)
class Act:
    """Do an action of the seen place or of everywhere."""

    id: str


@dataclass(frozen=True, slots=True)
class Rekey:
    """Give an action other keys, with commas between them; none for the shipped ones."""

    id: str
    keys: str


Command = Go | Choose | Run | LookAt | Act | Rekey
_FEW: Mapping[str, Act] = {
    **dict.fromkeys(_QUIT, Act("app.quit")),
    "help": Act("help.screen"),
    "keys": Act("ui.keys"),
    "notices": Act("ui.notices"),
    "undo": Act("ui.undo"),
    "about": Act("help.about"),
}


def words() -> tuple[str, ...]:
    """What can be typed, for completion."""
    settings = [f"{what} {value}" for what, values in _CHOICES.items() for value in values]
    operations = [f"{each.topic} {each.verb}" for each in registry().by_name.values()]
    return (*BY_NAME, *settings, *operations, *_FEW, "route test", "at", "set", "key")


def parse(line: str) -> Command:
    """What a line asks for; `UsageError` says what was expected.

    `bots list` is an operation, `bots napcat` a place with something to look for: the second word decides.
    """
    head, _, rest = line.strip().removeprefix(":").strip().partition(" ")
    rest = rest.strip()
    found = _own(head, rest) or _operation(head, rest)
    if found is not None:
        return found
    place = _SHORT.get(head, head)
    if place in BY_NAME:
        return _go(place, rest)
    if "." in head and not rest:
        return Act(head)
    raise UsageError(
        reason=mark(
            "Expected a place, an operation such as `plugins reload`, an action such as ui.zoom, or lang, theme, "
            "glyphs, density, at, set, key, help, quit."
        )
    )


def _go(place: str, rest: str) -> Go:
    """`log E plugin:weather -10m`: the last word is a moment."""
    before, _, last = rest.rpartition(" ")
    return Go(place, before.strip(), last) if _AGO.fullmatch(last) else Go(place, rest)


def _own(head: str, rest: str) -> Command | None:
    """What the console does itself."""
    if head in _CHOICES:
        return _choice(head, rest)
    if head == "at":
        return LookAt(rest)
    return _rekey(rest) if head == "key" else _FEW.get(head)


def _rekey(rest: str) -> Rekey:
    action, _, keys = rest.partition(" ")
    if "." not in action:
        raise UsageError(reason=mark("Expected an action and its keys, such as `key ui.zoom Z`; `keys` lists them."))
    return Rekey(action, keys.replace(" ", ""))


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
        raise UsageError(reason=f"{misfit(found.request, error).text()} {usage(found)}") from None


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
