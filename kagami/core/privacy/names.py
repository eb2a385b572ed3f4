"""Names of people, where the words around them say that they are names.

No dictionary of names would tell Gao Xing (高兴) from glad (高兴). What is found follows "我叫" or "my name is", stands
before an honorific or after Mr., or is the name of somebody in the chat.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import ahocorasick

from kagami.core.privacy.surnames import (
    AFTER_FAMILIAR,
    AFTER_SHORT,
    AMBIGUOUS,
    CLOSERS,
    COMMON,
    COMPOUND,
    ENGLISH,
    FAMILIAR,
    FOLLOWERS,
    FOLLOWING,
    FUNCTION,
    KIN,
    LONG_TITLES,
    NO_ENGLISH,
    NOT_AFTER,
    NOT_BEFORE_SMALL,
    PREPOSITIONS,
    SHORT_TITLES,
    SURNAMES,
    WORDS,
)

Found = tuple[int, int]

_HAN = re.compile(r"[\u3400-\u9fff]")
_BEGINNINGS = SURNAMES | COMPOUND
_REST = r"(?:[A-Za-zÀ-ɏ]|['-](?=[A-Za-zÀ-ɏ])){0,30}"
_WORD = rf"[A-Za-zÀ-ɏ]{_REST}"
_BEGINS = rf"(?=[{''.join(sorted(SURNAMES | {each[0] for each in COMPOUND}))}阿小老大])"
_STRONG = re.compile(
    r"(?:我叫|叫做|名叫|名字(?:叫做?|是)|本人(?:叫|是|姓名)?|[他她]叫|姓名|联系人|[收寄]件人|收货人|开户名|户名|患者|住户|乘客|考生)"
    rf"(?:是|为)?[:, ]{{0,2}}(?:{_BEGINS}|([A-Z]{_REST}(?: [A-Z]{_REST}){{0,2}})(?![\w-]))"
)
_WEAK = re.compile(rf"(?:我是|叫我|这位?是|[他她]是|称呼我)[: ]?(?:{_BEGINS}|([A-Z][a-z]{{1,20}})(?![A-Za-z]))")
_FOREIGN = re.compile(r"(?:我叫|我是|名叫|名字(?:叫|是)|姓名:?)([\u3400-\u9fff]{1,6}·[\u3400-\u9fff]{1,6})")
_TITLES = ahocorasick.Automaton()
for _title in (*LONG_TITLES, *SHORT_TITLES):
    _TITLES.add_word(_title, _title)
_TITLES.make_automaton()
_FAMILIAR = re.compile(f"[小老][{''.join(sorted(FAMILIAR))}]")

_TOKENS = rf"({_WORD}(?:\.(?= ))?(?: {_WORD}(?:\.(?= [A-Z]))?){{0,3}})"
_MY_NAME = re.compile(
    r"(?i:\b(?:my (?:full |first |last |real )?name(?: is|'s)|(?:customer |full |first |last |user )?name:"
    r"|(?:^|(?<=[.,!?] ))name is"
    rf"|(?:is|am|are) called|named|they call me)) {{1,3}}{_TOKENS}"
)
_I_AM = re.compile(rf"(?i:\b(?:i am|i'm|im|call me|dear)) {{1,3}}{_TOKENS}")
_THIS_IS = re.compile(rf"(?i:\bthis is) {_TOKENS}(?= (?:speaking|here|calling|from)\b|,)")
_MISTER = re.compile(
    rf"\b(?:(?:Mrs?|Ms|Mx|Dr|Prof)\.? ?|(?:Miss|Sir|Professor|Doctor|Madam|Uncle|Aunt|Auntie) )(?=[A-Z]){_TOKENS}"
)
_MOST_TOKENS = 3
# Words of English, and later parts of names.
_SHARED = frozenset({"An", "Do", "So", "May", "Will", "Young", "Soon"})


def names(text: str) -> Iterator[Found]:
    if _HAN.search(text):
        yield from _introduced(text)
        yield from _titled(text)
        yield from _familiar(text)
    yield from _english(text)


def _introduced(text: str) -> Iterator[Found]:
    for pattern, strict in ((_STRONG, False), (_WEAK, True)):
        for found in pattern.finditer(text):
            if found[1]:
                if found[1].casefold() not in NO_ENGLISH:
                    yield found.span(1)
            elif end := _chinese_end(text, found.end(), strict=strict):
                yield found.end(), end
    for found in _FOREIGN.finditer(text):
        yield found.span(1)


def _chinese_end(text: str, start: int, *, strict: bool) -> int:
    """Where a name that may begin here ends; 0 when it is none. `strict` wants a pause after it."""
    if text[start] in "小老阿大":
        return _familiar_end(text, start, strict=strict)
    given = start + (2 if text[start : start + 2] in COMPOUND else 1)
    if (
        text[start:given] not in _BEGINNINGS
        or not _is_given(text[given : given + 1])
        or text[start : start + 2] in WORDS
    ):
        return 0
    second = text[given + 1 : given + 2]
    long = _is_given(second) and second not in FOLLOWERS and text[given + 1 : given + 3] not in FOLLOWING
    end = given + 1 + long
    if not strict or _pauses(text, end) or text.startswith(tuple(KIN), end):
        return end
    return 0


def _familiar_end(text: str, start: int, *, strict: bool) -> int:
    end = start + 2
    sign, named = text[start + 1 : end], text[start + 1 : end] in SURNAMES
    named = named or (text[start] in "小阿" and not strict and _is_given(sign))
    return end if named and _pauses(text, end) else 0


def _is_han(sign: str) -> bool:
    return "\u3400" <= sign <= "\u9fff"


def _is_given(sign: str) -> bool:
    return _is_han(sign) and sign not in FUNCTION


def _pauses(text: str, place: int) -> bool:
    sign = text[place : place + 1]
    return (
        not _is_han(sign)
        or (sign in CLOSERS and not _is_han(text[place + 1 : place + 2]))
        or text.startswith("就好", place)
    )


def _titled(text: str) -> Iterator[Found]:
    for last, title in _TITLES.iter_long(text):
        end = last + 1
        place = end - len(title)
        if len(title) == 1 and (text[end : end + 1] or " ") in AFTER_SHORT.get(title, ""):
            continue
        start = _start_before(text, place, whole=len(title) > 1)
        if start >= 0 and text[start : start + 2] not in WORDS:
            yield start, end


def _start_before(text: str, place: int, *, whole: bool) -> int:
    """Where the name begins that stands before an honorific; -1 when none does. `whole` names may have given parts."""
    for back in (2, 3, 4) if whole else (2,):
        if place >= back and _is_compound(text, place - back, place):
            return place - back
    if place == 0:
        return -1
    if whole:
        return _full_before(text, place)
    return place - 1 if _is_surname(text, place - 1) else -1


def _full_before(text: str, place: int) -> int:
    alone = _is_surname(text, place - 1)
    if _is_full(text, place - 2, place) and (not alone or _begins(text, place - 2)):
        return place - 2
    if alone:
        return place - 1
    return place - 3 if _is_full(text, place - 3, place) else -1


def _is_compound(text: str, start: int, end: int) -> bool:
    return text[start : start + 2] in COMPOUND and all(map(_is_given, text[start + 2 : end]))


def _is_surname(text: str, place: int) -> bool:
    sign = text[place]
    if sign in COMMON:
        return place == 0 or text[place - 1] not in NOT_AFTER.get(sign, "")
    return sign in AMBIGUOUS and _begins(text, place)


def _is_full(text: str, start: int, end: int) -> bool:
    """A common surname and given characters, and no word that looks like it."""
    if start < 0 or text[start : start + 2] in WORDS or not all(map(_is_given, text[start + 1 : end])):
        return False
    sure = text[start] in COMMON or (text[start] in AMBIGUOUS and _begins(text, start))
    return (
        sure
        and text[start] not in PREPOSITIONS
        and (start == 0 or text[start - 1] not in NOT_AFTER.get(text[start], ""))
    )


def _begins(text: str, place: int) -> bool:
    """Whether a word may begin here."""
    return place == 0 or not _is_han(text[place - 1]) or text[place - 1] in PREPOSITIONS


def _familiar(text: str) -> Iterator[Found]:
    for found in _FAMILIAR.finditer(text):
        start, end = found.span()
        after = text[end : end + 1]
        if start and text[start - 1] in NOT_BEFORE_SMALL:
            continue
        if not _is_han(after) or after in AFTER_FAMILIAR:
            yield start, end


def _english(text: str) -> Iterator[Found]:
    lowered = text.lower()
    for words, pattern, judge in _ENGLISH:
        if any(word in lowered for word in words):
            yield from _tokens(pattern, text, judge)


def _tokens(pattern: re.Pattern[str], text: str, judge: Callable[[list[str]], int]) -> Iterator[Found]:
    for found in pattern.finditer(text):
        words = found[1].split(" ")
        if amount := judge(words):
            length = len(" ".join(words[:amount]).rstrip(".'-"))
            start = found.start(1)
            yield start, start + length - (2 if text[start : start + length].endswith("'s") else 0)


def _capital(words: list[str]) -> int:
    """How many of the words are a name that is written as one."""
    amount = 0
    for word in words[:_MOST_TOKENS]:
        plain = word.rstrip(".")
        unlikely = plain.casefold() in NO_ENGLISH and not (amount and plain in _SHARED)
        if not word[0].isupper() or unlikely:
            break
        amount += 1
    return amount


def _claimed(words: list[str]) -> int:
    """After "I am", which most often goes on with something else."""
    first = words[0].rstrip(".").casefold()
    if first in ENGLISH:
        return _capital(words) or 1
    if words[0].isupper() or first.endswith(("'s", "ese", "ish", "ian", "ist", "ing", "ed")):
        return 0
    return _capital(words)


def _given_name(words: list[str]) -> int:
    """After "my name is", also without capitals: one word, or two when nothing follows."""
    if amount := _capital(words):
        return amount
    if words[0].casefold() in NO_ENGLISH:
        return 0
    return 2 if len(words) == 2 and words[1].casefold() not in NO_ENGLISH else 1  # noqa: PLR2004 - two words


# A pattern is tried where one of its words is.
_ENGLISH: tuple[tuple[tuple[str, ...], re.Pattern[str], Callable[[list[str]], int]], ...] = (
    (("name", " called", "call me"), _MY_NAME, _given_name),
    (("i am", "i'm", "im ", "call me", "dear"), _I_AM, _claimed),
    (("this is",), _THIS_IS, _capital),
    (("mr", "ms", "mx", "dr", "prof", "miss", "sir", "doctor", "madam", "aunt", "uncle"), _MISTER, _capital),
)
