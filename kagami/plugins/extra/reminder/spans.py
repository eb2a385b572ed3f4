"""Numbers and spans of time as people write them: `20min`, `1h30m`, `half an hour`, `半小时`, `一个半小时`."""

from __future__ import annotations

import re
from datetime import timedelta

NUMBER = r"(?:\d{1,5}(?:\.\d{1,2})?|[〇零一二两三四五六七八九十]{1,3})"

_DIGITS = {sign: value for value, signs in enumerate(["〇零", "一", "二两", *"三四五六七八九"]) for sign in signs}
# By seconds: words in English, which must end where the word ends, and words in Chinese.
_UNITS: dict[int, tuple[str, str]] = {
    604_800: ("weeks week w", "周 星期 礼拜"),
    86_400: ("days day d", "天"),
    3_600: ("hours hour hrs hr h", "小时 钟头"),
    900: ("", "刻钟"),
    60: ("minutes minute mins min m", "分钟 分"),
    1: ("seconds second secs sec s", "秒钟 秒"),
}
_SECONDS = {word: seconds for seconds, words in _UNITS.items() for part in words for word in part.split()}
_ENGLISH = "|".join(words.replace(" ", "|") for words, _ in _UNITS.values() if words)
_CHINESE = "|".join(words.replace(" ", "|") for _, words in _UNITS.values())
_PIECE = re.compile(
    rf"(?:(?P<half>half\s+an?\s+|半\s*个?\s*)|(?:(?P<number>{NUMBER})|(?P<one>an?\s))\s*个?(?P<more>半)?)\s*"
    rf"(?P<unit>(?:{_ENGLISH})(?![a-z])|(?:{_CHINESE}))(?P<tail>半)?",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"(?:in\s+|再过|过|再)\s*", re.IGNORECASE)
_BETWEEN = re.compile(r"\s*(?:and\s+|[,，零又]\s*)?", re.IGNORECASE)
_AFTER = re.compile(r"\s*(?:之后|以后|后|later\b|from\s+now\b)", re.IGNORECASE)


def number(text: str) -> float:
    """`20`, `1.5`, `二十五` or `两` as a number."""
    if text[0].isascii():
        return float(text)
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_digits(tens) if tens else 1) * 10 + (_digits(ones) if ones else 0)
    return _digits(text)


def read_span(text: str) -> tuple[timedelta, int] | None:
    """The span at the beginning of `text`, and where it ends. `1h30m` is one span, `5分钟3天` is not."""
    before = _BEFORE.match(text)
    place = before.end() if before else 0
    seconds, smallest = 0.0, float("inf")
    while (piece := _PIECE.match(text, place)) is not None:
        unit = _SECONDS[piece["unit"].lower()]
        # `a day off` is no span, `in a day` is one.
        if unit >= smallest or (piece["one"] and before is None):
            break
        seconds += _amount(piece) * unit
        smallest, end = unit, piece.end()
        between = _BETWEEN.match(text, end)
        place = between.end() if between else end
    if smallest == float("inf"):
        return None
    after = _AFTER.match(text, end)
    return timedelta(seconds=round(seconds)), after.end() if after else end


def _digits(text: str) -> int:
    return int("".join(str(_DIGITS[sign]) for sign in text if sign in _DIGITS) or "0")


def _amount(piece: re.Match[str]) -> float:
    if piece["half"]:
        return 0.5
    whole = number(piece["number"]) if piece["number"] else 1.0
    return whole + (0.5 if piece["more"] or piece["tail"] else 0.0)
