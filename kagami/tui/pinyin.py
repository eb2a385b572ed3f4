"""Initials of Chinese words, so that `rz` finds 日志.

GB 2312 orders its 3,755 common characters by pinyin: the two bytes of a character tell its first letter.
"""

from __future__ import annotations

from bisect import bisect_right
from functools import lru_cache

# The first code of each initial in GB 2312, level 1 (rows 16 to 55); no syllable begins with i, u or v.
_STARTS = (
    (0xB0A1, "a"), (0xB0C5, "b"), (0xB2C1, "c"), (0xB4EE, "d"), (0xB6EA, "e"), (0xB7A2, "f"), (0xB8C1, "g"),
    (0xB9FE, "h"), (0xBBF7, "j"), (0xBFA6, "k"), (0xC0AC, "l"), (0xC2E8, "m"), (0xC4C3, "n"), (0xC5B6, "o"),
    (0xC5BE, "p"), (0xC6DA, "q"), (0xC8BB, "r"), (0xC8F6, "s"), (0xCBFA, "t"), (0xCDDA, "w"), (0xCEF4, "x"),
    (0xD1B9, "y"), (0xD4D1, "z"),
)  # fmt: skip
_END = 0xD7FA
_CODES = [code for code, _ in _STARTS]


@lru_cache(maxsize=512)
def initials(text: str) -> str:
    """`rz` of `日志`; what has no initial is left out."""
    return "".join(_initial(character) for character in text)


def _initial(character: str) -> str:
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    try:
        high, low = character.encode("gb2312")
    except (UnicodeEncodeError, ValueError):
        return ""
    code = high << 8 | low
    return _STARTS[bisect_right(_CODES, code) - 1][1] if _CODES[0] <= code < _END else ""
