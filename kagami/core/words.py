"""What a person's words can mean: the types by which commands and questions read messages.

| type | what people write |
|---|---|
| `str` | a word, or several in quotes: `"…"` `“…”` `「…」` `『…』` |
| `int`, `float` | `3`, `-1.5`; finite, at most 18 digits before the point |
| `bool` | yes and no, in English and Chinese |
| `Literal["a", "b"]`, an `Enum` | one of the values, whatever the case; of an `Enum` the names too |
| `timedelta` | `90s`, `5min`, `2h30m`, `3天` |
| `UserId` | a mention, or an id with or without `@` |
| `ChatId` | `group:123`, or a group's number |
| `Image` | a picture |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Any, Literal, NamedTuple, get_args, get_origin

from kagami.i18n import Translate, mark
from kagami.model.ids import ChatId, UserId
from kagami.model.message import Message
from kagami.model.segment import Image, Mention, Text

QUOTES = {'"': '"', "“": "”", "「": "」", "『": "』"}
YES = frozenset(["yes", "y", "true", "on", "ok", "1", "是", "是的", "好", "好的", "对", "确认", "开"])
NO = frozenset(["no", "n", "false", "off", "0", "否", "不", "不是", "不要", "不好", "关"])
CHAT_KINDS = frozenset({"group", "private", "channel", "guild"})

# Enough for every unit once, and far too short for a sum that `timedelta` could not hold.
LONGEST_DURATION = 64
_UNITS = {
    "weeks": "w week weeks 周 星期",
    "days": "d day days 天 日",
    "hours": "h hour hours 时 小时",
    "minutes": "m min mins minute minutes 分 分钟",
    "seconds": "s sec secs second seconds 秒 秒钟",
}
_UNIT = {word: unit for unit, words in _UNITS.items() for word in words.split()}
_RUN = re.compile(r"\S+")
_INTEGER = re.compile(r"[+-]?\d{1,18}")
_DECIMAL = re.compile(r"[+-]?\d{1,18}(?:\.\d{1,18})?")
_SPAN = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)([^\d\s.]{1,8})")
_NAME = re.compile(r"[\w.:-]{1,64}")


class Word(NamedTuple):
    """One word without its quotes; `start` is its place in the plain text. A mention is a word of its own."""

    text: str
    start: int
    mention: Mention | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How a word becomes a value. `read` raises `ValueError`; `expected` says what people should write."""

    read: Callable[[Word], Any]
    expected: Callable[[Translate], str]
    label: str = ""
    image: bool = False


def split(text: str, start: int = 0) -> Iterator[Word]:
    """Words of `text` from `start` on. A quote counts at the beginning of a word, and only when it is closed."""
    never_closed: set[str] = set()
    while (run := _RUN.search(text, start)) is not None:
        place = run.start()
        closing = QUOTES.get(text[place], "")
        end = text.find(closing, place + 1) if closing and closing not in never_closed else -1
        if end < 0:
            never_closed.add(closing)
            yield Word(run[0], place)
            start = run.end()
        else:
            yield Word(text[place + 1 : end], place)
            start = end + 1


def words_of(message: Message, skip: int = 0) -> list[Word]:
    """Words and mentions of a message after its first `skip` characters of plain text."""
    words: list[Word] = []
    passed = 0
    for part in message:
        if isinstance(part, Text):
            if passed + len(part.text) > skip:
                words += (Word(w.text, w.start + passed) for w in split(part.text, max(0, skip - passed)))
            passed += len(part.text)
        elif isinstance(part, Mention) and passed >= skip:
            words.append(Word(f"@{part.user}", passed, part))
    return words


def images_of(message: Message) -> list[Image]:
    return [part for part in message if isinstance(part, Image)]


def kind_of(annotation: Any) -> Kind:
    """The `Kind` of a type; `TypeError` when people cannot write such a value."""
    if (known := _KINDS.get(annotation)) is not None:
        return known
    if get_origin(annotation) is Literal:
        return one_of({str(value): value for value in get_args(annotation)}, get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        members = list(annotation)
        return one_of(
            {str(member.value): member for member in members} | {member.name: member for member in members},
            [member.name.lower() for member in members],
        )
    raise TypeError(f"{annotation!r} is not a type that people can write")


def one_of(values: dict[str, Any], shown: Iterable[Any]) -> Kind:
    """A choice among `values`, by their spelling whatever the case."""
    by_spelling = {spelling.casefold(): value for spelling, value in values.items()}
    names = [str(name) for name in shown]

    def read(word: Word) -> Any:
        try:
            return by_spelling[word.text.casefold()]
        except KeyError:
            raise ValueError(word.text) from None

    def expected(t: Translate) -> str:
        return t("one of: {names}").format(names=", ".join(names))

    return Kind(read, expected, label="|".join(names))


def numbered(options: Sequence[Any]) -> Kind:
    """A choice among `options` by their text or by their number from 1."""
    spelled = {str(number): option for number, option in enumerate(options, 1)}
    return one_of(spelled | {str(option): option for option in options}, options)


def _said(text: str) -> Callable[[Translate], str]:
    return lambda t: t(text)


def _integer(word: Word) -> int:
    if not _INTEGER.fullmatch(word.text):
        raise ValueError(word.text)
    return int(word.text)


def _number(word: Word) -> float:
    if not _DECIMAL.fullmatch(word.text):
        raise ValueError(word.text)
    return float(word.text)


def _boolean(word: Word) -> bool:
    text = word.text.casefold().rstrip("。.!！~")
    if text in YES or text in NO:
        return text in YES
    raise ValueError(word.text)


def _duration(word: Word) -> timedelta:
    if len(word.text) > LONGEST_DURATION:
        raise ValueError(word.text)
    total, place = timedelta(), 0
    for span in _SPAN.finditer(word.text):
        unit = _UNIT.get(span[2].lower())
        if span.start() != place or unit is None:
            raise ValueError(word.text)
        total += timedelta(**{unit: float(span[1])})
        place = span.end()
    if not place or place != len(word.text):
        raise ValueError(word.text)
    return total


def _user(word: Word) -> UserId:
    name = word.mention.user if word.mention else word.text.removeprefix("@")
    if not _NAME.fullmatch(name) or name == "all":
        raise ValueError(word.text)
    return UserId(name)


def _chat(word: Word) -> ChatId:
    kind, colon, name = word.text.rpartition(":")
    if not colon and name.isdecimal():
        kind = "group"
    if kind not in CHAT_KINDS or not _NAME.fullmatch(name):
        raise ValueError(word.text)
    return ChatId(f"{kind}:{name}")


def _picture(word: Word) -> Image:
    raise ValueError(word.text)


STRING = Kind(lambda word: word.text, _said(mark("a text")))
BOOLEAN = Kind(_boolean, _said(mark("yes or no")))
_KINDS: dict[Any, Kind] = {
    str: STRING,
    int: Kind(_integer, _said(mark("a whole number"))),
    float: Kind(_number, _said(mark("a number"))),
    bool: BOOLEAN,
    timedelta: Kind(_duration, _said(mark("a duration such as 30s, 5min, 2h or 1d"))),
    UserId: Kind(_user, _said(mark("a user: a mention or an id"))),
    ChatId: Kind(_chat, _said(mark("a chat such as group:123"))),
    Image: Kind(_picture, _said(mark("a picture")), image=True),
}


def out_of_limits(value: Any, *, ge: float | None, le: float | None) -> tuple[str, float] | None:
    """What is wrong with the size of a value: a template over `limit`, and the limit. Durations count in seconds."""
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, (int, float)):
        if ge is not None and value < ge:
            return mark("It must be at least {limit}."), ge
        if le is not None and value > le:
            return mark("It must be at most {limit}."), le
    return None
