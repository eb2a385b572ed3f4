"""Commands: a function's signature is the grammar of what people write after the command's name.

    async def book(ctx, city: str, days: int | None = None) -> str: ...        /book <city> [days]

Parameters are read by position. `Rest[str]` takes what is left as it was typed, `list[X]` all words that are left;
either must be last. Pictures are taken in order wherever they stand in the message. Words are read by
`kagami.core.words`.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from kagami.core.words import STRING, Kind, Word, images_of, kind_of, split, words_of
from kagami.errors import UsageError
from kagami.i18n import Translate
from kagami.model.message import Message
from kagami.model.segment import Image

_T = TypeVar("_T")
REST = "everything that is left"
Rest = Annotated[_T, REST]

_COOLDOWN = re.compile(r"(\d{1,6})/(\d{0,6})(s|sec|min|h|hour|d|day)(?:/(user|chat|global))?")
_RUN = re.compile(r"\S+")
_SECONDS = {"s": 1, "sec": 1, "min": 60, "h": 3_600, "hour": 3_600, "d": 86_400, "day": 86_400}


class Cooldown(NamedTuple):
    """At most `amount` uses in `seconds`, by `whose`."""

    amount: int
    seconds: int
    whose: Literal["user", "chat", "global"]


def read_cooldown(text: str) -> Cooldown:
    """`5/min/user`, `1/30s/chat`, `100/h/global`; by user when it is not said. `ValueError` for anything else."""
    found = _COOLDOWN.fullmatch(text)
    if found is None or not int(found[1]) or found[2] == "0":
        raise ValueError(f'{text!r} is not a cooldown; write it like "5/min/user", "1/30s/chat" or "100/h/global"')
    whose: Any = found[4] or "user"
    return Cooldown(int(found[1]), int(found[2] or 1) * _SECONDS[found[3]], whose)


@dataclass(frozen=True, slots=True)
class Parameter:
    """`default` is used when the words end before it; `shape` says how many words it takes."""

    name: str
    kind: Kind
    shape: Literal["one", "many", "rest"] = "one"
    required: bool = True
    default: Any = None

    @property
    def usage(self) -> str:
        label = self.kind.label or self.name
        inner = label if self.shape == "one" else f"{label}…"
        return f"<{inner}>" if self.required else f"[{inner}]"


class Grammar:
    """How the words after a command's name become the arguments of its function."""

    __slots__ = ("_images", "_rest_alone", "parameters", "usage")

    def __init__(self, parameters: Iterable[Parameter]) -> None:
        self.parameters = tuple(parameters)
        self.usage = " ".join(each.usage for each in self.parameters)
        self._images = any(each.kind.image for each in self.parameters)
        self._rest_alone = len(self.parameters) == 1 and self.parameters[0].shape == "rest"

    def read(self, message: Message, text: str, skip: int, t: Translate = str) -> list[Any]:
        """Arguments from a message whose plain text is `text`, of which `skip` characters are the command's name.

        Raises `UsageError` that says what is wrong; `t` translates it.
        """
        if self._rest_alone:
            return [self._rest(self.parameters[0], text[skip:].strip(), t)]
        words = list(split(text, skip)) if len(message) <= 1 else words_of(message, skip)
        return _Reader(words, images_of(message) if self._images else [], text, t).all(self.parameters)

    @staticmethod
    def _rest(parameter: Parameter, left: str, t: Translate) -> Any:
        return left or _absent(parameter, t)


class _Reader:
    """One reading: takes words from the front, pictures from their own queue."""

    def __init__(self, words: list[Word], images: list[Image], text: str, t: Translate) -> None:
        self._words = words
        self._images = images
        self.text = text
        self.t = t
        self._next = 0

    def all(self, parameters: tuple[Parameter, ...]) -> list[Any]:
        values = [self._value(parameter) for parameter in parameters]
        if self._next < len(self._words):
            word = self._words[self._next].text
            raise UsageError(reason=self.t("“{word}” is too much.").format(word=word))
        return values

    def _value(self, parameter: Parameter) -> Any:
        if parameter.kind.image:
            return self._pictures(parameter)
        if self._next == len(self._words):
            return _absent(parameter, self.t)
        if parameter.shape == "one":
            return self._one(parameter)
        if parameter.shape == "many":
            return [self._one(parameter) for _ in range(len(self._words) - self._next)]
        start = self._words[self._next].start
        self._next = len(self._words)
        return self.text[start:].strip() or _absent(parameter, self.t)

    def _one(self, parameter: Parameter) -> Any:
        word = self._words[self._next]
        self._next += 1
        try:
            return parameter.kind.read(word)
        except ValueError:
            template = self.t("{name} should be {expected}, not “{word}”.")
            expected = parameter.kind.expected(self.t)
            raise UsageError(reason=template.format(name=parameter.name, expected=expected, word=word.text)) from None

    def _pictures(self, parameter: Parameter) -> Any:
        if not self._images:
            return _absent(parameter, self.t)
        if parameter.shape == "one":
            return self._images.pop(0)
        taken, self._images = self._images, []
        return taken


def _absent(parameter: Parameter, t: Translate) -> Any:
    if parameter.required:
        template = t("{name} is missing: {expected}.")
        raise UsageError(reason=template.format(name=parameter.name, expected=parameter.kind.expected(t)))
    return list(parameter.default) if parameter.shape == "many" and parameter.default else parameter.default


def grammar_of(function: Callable[..., Any]) -> Grammar:
    """The grammar of a handler: all its parameters but the first. `TypeError` names a parameter that cannot be read."""
    hints = get_type_hints(function, include_extras=True)
    declared = list(inspect.signature(function).parameters.values())
    if not declared:
        raise TypeError(f"{function.__name__} needs a first parameter for its context")
    parameters = [_parameter(each, hints.get(each.name, str)) for each in declared[1:]]
    words = [each for each in parameters if not each.kind.image]
    for each in words[:-1]:
        if each.shape != "one":
            raise TypeError(f"parameter {each.name}: what takes all words that are left must be last")
    for before, after in pairwise(words):
        if after.required and not before.required:
            raise TypeError(f"parameter {after.name}: it cannot be required after the optional {before.name}")
    return Grammar(parameters)


def _parameter(declared: inspect.Parameter, annotation: Any) -> Parameter:
    name = declared.name
    if declared.kind is not inspect.Parameter.POSITIONAL_OR_KEYWORD:
        raise TypeError(f"parameter {name}: only plain parameters can be read from words")
    inner, optional = _without_none(annotation)
    shape, inner = _shape(inner)
    if shape == "rest" and inner is not str:
        raise TypeError(f"parameter {name}: only Rest[str] is possible")
    try:
        kind = STRING if shape == "rest" else kind_of(inner)
    except TypeError as error:
        raise TypeError(f"parameter {name}: {error}") from None
    if declared.default is not inspect.Parameter.empty:
        return Parameter(name, kind, shape, required=False, default=declared.default)
    return Parameter(name, kind, shape, required=not optional)


def _shape(annotation: Any) -> tuple[Literal["one", "many", "rest"], Any]:
    """How many words a type takes, and the type of each."""
    origin = get_origin(annotation)
    if origin is list:
        return "many", get_args(annotation)[0]
    if origin is Annotated:
        inner, *extras = get_args(annotation)
        return ("rest" if REST in extras else "one"), inner
    return "one", annotation


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """`X` and whether `None` was allowed, of `X | None` and of `X`."""
    if get_origin(annotation) not in (Union, types.UnionType):
        return annotation, False
    left = [each for each in get_args(annotation) if each is not types.NoneType]
    return (left[0], True) if len(left) == 1 else (annotation, False)


class Called(NamedTuple):
    """A command's name in a text: `name` as the table has it, `end` is where its words begin."""

    name: str
    end: int


def find_call(text: str, prefix: str, names: dict[str, _T], lengths: Iterable[int]) -> Called | None:
    """The command that `text` calls: `prefix`, then the longest fitting of `names` (casefolded keys).

    A name ends where the word ends, or where its last sign or the next one is not ASCII, so that `/订上海` calls `订`
    and `/echo你好` calls `echo`, while `/echoing` calls neither. `lengths` are the lengths of all names, longest first.
    """
    start = len(text) - len(text.lstrip())
    if not text.startswith(prefix, start):
        return None
    start += len(prefix)
    found = _RUN.match(text, start)
    if found is None:
        return None
    word = found[0].casefold()
    if word in names:
        return Called(word, found.end())
    # Casefolding may change the length of a few letters; such a word is only known whole.
    if len(word) != len(found[0]):
        return None
    for length in lengths:
        head = word[:length]
        if length < len(word) and head in names and not (head[-1].isascii() and word[length].isascii()):
            return Called(head, start + length)
    return None
