"""Phone numbers, identity numbers and cards: by their shape, their check digits and the words before them.

Every pattern is of bounded length and begins where no digit stands before: the time is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from operator import mul

Found = tuple[int, int]

_START = r"(?<![\d_¥$€£])(?<!\d[.-])"
_END = r"(?![\d_])(?!\.\d)"
_DIGITS = re.compile(r"\d[ .()-]{0,2}\d[ .()+-]{0,2}\d[ .()-]{0,2}\d[ .()-]{0,2}\d")
_AREA = r"(?:(?:\+|00)?86[ -]?)?"
_DOMESTIC = re.compile(
    _START + r"(?:"
    # Mobile numbers of mainland China.
    r"(?:(?:\+|00)?86[ -]?|\(\+?86\) ?)?"
    r"(?:1[3-9]\d(?:[ .-]?\d{4}[ .-]?\d{4}|[ -]\d{3}[ -]\d{5}|\d[ -]?\d{3}[ -]?\d{4}"
    r"|\d\d[ -]\d{6})|1[ -][3-9](?:[ -]\d){9})"
    # Its landlines, with their area codes.
    rf"|{_AREA}(?:\(0(?:10|2\d)\)|0(?:10|2\d))[ -]?[2-9]\d{{3}}[ -]?\d{{4}}"
    rf"|{_AREA}(?:\(0[3-9]\d\d\)|0[3-9]\d\d)[ -]?[2-9]\d{{2,3}}[ -]?\d{{4}}"
    r"|[48]00(?:[ -]\d{3}[ -]?\d{4}|[ -]\d{4}[ -]?\d{3})"
    # North America, Taiwan, and any country after 00.
    r"|(?:1[ .-])?(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .-])[2-9]\d\d[ .-]\d{4}"
    r"|09\d\d[ -]\d{3}[ -]\d{3}"
    r"|00 ?[1-9](?:[ .()-]{0,2}\d){9,13}"
    r")" + _END,
    re.ASCII,
)
# E.164, https://www.itu.int/rec/T-REC-E.164
_E164 = re.compile(rf"(?<![\w+])\+[1-9](?:[ .()-]{{0,2}}\d){{9,14}}{_END}", re.ASCII)
# What is said to be one may have any shape.
_SAID = re.compile(
    r"(?:电话|手机|座机|固话|热线|传真|致电|拨打|联系方式"
    r"|(?i:\b(?:telephone|phone|tel|mobile|cell|call|ring|text|dial|whatsapp|fax|sms)\b))"
    r"(?:号码?|是|为|[:,#]| ?(?i:\b(?:number|no\.?|me|us|him|her|them|at|on|is|was)\b)| ){0,5}"
    rf"(\(?\d(?:[ .()-]{{0,2}}\d){{6,14}}){_END}"
)
_DATE = re.compile(r"(?:19|20)\d\d[ ./-]?(?:0?[1-9]|1[0-2])[ ./-]?[0-3]?\d(?!\d)")
# What stands before a number that is something else.
_ELSE = re.compile(
    r"(?:订单|单|编|流水|发票|工单|合同|学|工|房间|(?i:qq))(?:号码?|编号)?(?:是|为)?[ :#]{0,2}$"
    r"|(?:群|时间戳|版本)号?[ :是]{0,2}$"
    r"|(?i:\b(?:order|invoice|tracking|ticket|transaction|serial|timestamp|uid|qq|group|case|batch)"
    r"(?: (?:number|no\.?|is|id))?[ :#=]{0,2})$"
)
_LOOKED_BACK = 20
_GLUED = re.compile(r"(?i:tel|phone|mobile|mob|cell|call|ph|wx|vx|v|t|m|weixin|wechat|whatsapp)$")
_LETTERS = re.compile(r"[A-Za-z]{1,12}$")

_CARD = re.compile(
    rf"{_START}(?:\d{{13,19}}|\d{{4}}([ -])\d{{4}}\1\d{{4}}\1\d{{1,4}}(?:\1\d{{3}})?|3[47]\d\d[ -]\d{{6}}[ -]\d{{5}}"
    rf"|\d{{6}}[ -]\d{{10,13}}){_END}",
    re.ASCII,
)
_ID = re.compile(rf"{_START}[1-9]\d{{5}}(?:[ -]?\d){{11}}[ -]?[\dXx](?![0-9A-Za-z_])", re.ASCII)
_OLD_ID = re.compile(rf"{_START}[1-9]\d{{14}}(?![0-9A-Za-z_])(?!\.\d)", re.ASCII)
_SSN = re.compile(rf"{_START}(?!000|666|9)\d{{3}}-(?!00)\d\d-(?!0000)\d{{4}}(?!-\d){_END}", re.ASCII)
_SAID_SSN = re.compile(
    rf"(?i:\bssn|\bsocial(?: security)?)(?: (?:number|no\.?))?(?: is|:| )? ?"
    rf"((?!000|666|9)\d{{3}}[ -]?(?!00)\d\d[ -]?(?!0000)\d{{4}}){_END}",
    re.ASCII,
)
_DOUBLED = {str(digit): 2 * digit - 9 * (digit > 4) for digit in range(10)}  # noqa: PLR2004 - the sum of its digits
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REGIONS = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
        "83",
        "91",
    ]
)
_SEPARATORS = str.maketrans("", "", " -")


def phones(text: str) -> Iterator[Found]:
    if not _DIGITS.search(text):
        return
    for pattern in (_DOMESTIC, _E164):
        for found in pattern.finditer(text):
            if not _is_something_else(text, found.start()):
                yield found.span()
    for found in _SAID.finditer(text):
        if not _DATE.match(found[1]):
            yield found.span(1)


def cards(text: str) -> Iterator[Found]:
    if not _DIGITS.search(text):
        return
    for found in _CARD.finditer(text):
        if is_card(found[0].translate(_SEPARATORS)) and not _is_something_else(text, found.start()):
            yield found.span()


def ids(text: str) -> Iterator[Found]:
    if not _DIGITS.search(text):
        return
    for found in _ID.finditer(text):
        if is_id(found[0].translate(_SEPARATORS)):
            yield found.span()
    for found in _OLD_ID.finditer(text):
        if is_old_id(found[0]) and not _is_something_else(text, found.start()):
            yield found.span()
    for found in _SSN.finditer(text):
        yield found.span()
    for found in _SAID_SSN.finditer(text):
        yield found.span(1)


def _is_something_else(text: str, start: int) -> bool:
    """Part of a word, or what another kind of number is said to be."""
    if start == 0:
        return False
    before = text[start - 1]
    if before.isascii() and before.isalpha():
        letters = _LETTERS.search(text, max(0, start - 12), start)
        return letters is None or not _GLUED.search(letters[0])
    said = text[max(0, start - _LOOKED_BACK) : start]
    word = said.rstrip(" :#=.是为")
    return bool(word) and word[-1].isalpha() and bool(_ELSE.search(said))


def is_id(text: str) -> bool:
    """Whether 18 signs are an identity number of the People's Republic of China: GB 11643-1999."""
    if text[:2] not in _REGIONS or not _is_day(text[6:14]):
        return False
    return "10X98765432"[sum(map(mul, map(int, text[:-1]), _WEIGHTS)) % 11] == text[-1].upper()


def is_old_id(text: str) -> bool:
    """Whether 15 digits may be one of before 1999, which have no check digit."""
    return text[:2] in _REGIONS and _is_day(f"19{text[6:12]}") and text[2:6] != "0000"


def _is_day(digits: str) -> bool:
    year, month, day = int(digits[:4]), int(digits[4:6]), int(digits[6:])
    if not 1850 <= year <= 2099:  # noqa: PLR2004 - who is alive, or may be born while this runs
        return False
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_card(digits: str) -> bool:
    """Whether an issuer gives numbers of this length and beginning, and Luhn's check is right (ISO/IEC 7812-1)."""
    if len(set(digits)) == 1 or not _issued(digits):
        return False
    return not (sum(map(int, digits[::-2])) + sum(map(_DOUBLED.__getitem__, digits[-2::-2]))) % 10


def _issued(digits: str) -> bool:
    length, two, four = len(digits), int(digits[:2]), int(digits[:4])
    if digits[0] == "4":
        return length in (13, 16, 19)
    if two in (34, 37):
        return length == 15  # noqa: PLR2004 - American Express
    if 51 <= two <= 55 or 2221 <= four <= 2720:  # noqa: PLR2004 - Mastercard
        return length == 16  # noqa: PLR2004
    if two in (30, 36, 38, 39) or 3528 <= four <= 3589:  # noqa: PLR2004 - Diners Club, JCB
        return length >= 14  # noqa: PLR2004
    # UnionPay, Discover, Maestro, and the first cards of two banks in China.
    return length >= 16 and (digits[0] == "6" or two in (50, 56, 57, 58, 81) or digits.startswith(("9558", "9559")))  # noqa: PLR2004
