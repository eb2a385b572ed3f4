"""Private data is replaced by marks such as ‹phone1› before a text leaves, and put back into the answer.

Every pattern begins where nothing of its kind stands before, and has bounded repetitions: the time is linear in the
text. What looks like a number of some kind is checked: ID numbers by GB 11643-1999, cards by Luhn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address

MOST_NAMES = 1_000
_MARK = re.compile(r"‹[a-z]{1,8}\d{1,6}›")
_QUOTES = str.maketrans("‹›", "<>")
_ID_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)

_EMAIL = re.compile(r"(?<![\w.%+-])[\w.%+-]{1,64}+@(?:[A-Za-z0-9-]{1,63}+\.){1,8}[A-Za-z]{2,24}", re.ASCII)
_IPV4 = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?!\.?\d)", re.ASCII)
# A word may stand before it, which can be a part of it: `ip:2001:db8::1`, `dead:beef::1`.
_IPV6 = re.compile(r"(?<![\w:.])([A-Za-z]{1,20}+:(?!:))?([0-9A-Fa-f:]{2,39}+)(?![\w:])", re.ASCII)
_ID = re.compile(r"(?<!\d)\d{6}[ -]?\d{8}[ -]?\d{3}[\dXx](?!\d)")
_CARD = re.compile(r"(?<!\d)(?:\d{4}(?:[ -]?\d{4}){2}[ -]?\d{1,4}(?:[ -]?\d{3})?|3[47]\d\d[ -]?\d{6}[ -]?\d{5})(?!\d)")
_PHONES = (
    re.compile(r"(?<![\d+])\+\d(?:[ .()-]{0,2}\d){7,14}(?!\d)"),
    re.compile(r"(?<!\d)(?:(?:00)?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)"),
    re.compile(r"(?<!\d)(?:0\d{2,3}[ -]?|\(0\d{2,3}\) ?)[2-9]\d{6,7}(?!\d)"),
    re.compile(r"(?<!\d)00[1-9]\d(?:[ -]?\d){6,13}(?!\d)"),
    re.compile(r"(?<!\d)(?:[2-9]\d\d[ .-]|\([2-9]\d\d\) ?)[2-9]\d\d[ .-]\d{4}(?!\d)"),
)
# Where it is said what it is, and where it stands after an @.
_SAID = re.compile(r"(?i)(qq\s?(?:号|号码|number)?\s?(?:是|[:：])?\s?|@)(\d{5,12})(?!\d)")
_WEIXIN = re.compile(r"(?<!\w)wxid_[0-9a-z]{6,32}|\d{5,20}@chatroom", re.ASCII)
_TOKEN = re.compile(r"(?<![\w-])[\w-]{4,64}+", re.ASCII)


class Names:
    """The marks of one chat: the same thing keeps its mark. The oldest are forgotten when there are too many."""

    def __init__(self) -> None:
        self._marks: dict[tuple[str, str], str] = {}
        self._count: dict[str, int] = {}

    def mark(self, kind: str, value: str) -> str:
        known = self._marks.pop((kind, value), None)
        if known is None:
            self._count[kind] = number = self._count.get(kind, 0) + 1
            known = f"‹{kind}{number}›"
        self._marks[kind, value] = known  # at the end: the one that was used last
        if len(self._marks) > MOST_NAMES:
            del self._marks[next(iter(self._marks))]
        return known


class Cover:
    """Hides and shows for one call: only what was hidden in it can be shown again.

    `people` are names by user id, empty where there is none. With `named` these stand for their ids. What `guard`
    hides, it restores itself.
    """

    def __init__(
        self, names: Names, people: Mapping[str, str], *, named: bool, guard: Callable[[str], str] = str
    ) -> None:
        self._names = names
        self._people = people
        self._named = named
        self._guard = guard
        self._hidden: dict[str, str] = {}

    def user(self, user: str) -> str:
        """What stands for a member."""
        name = self._people.get(user, "")
        if name and self._named and name not in self._people:
            return self._numbers(name)
        return self._hide("user", user, name or user)

    def hide(self, text: str) -> str:
        text = self._numbers(text)
        text = _SAID.sub(lambda found: found[1] + self.user(found[2]), text)
        return _TOKEN.sub(lambda found: self.user(found[0]) if found[0] in self._people else found[0], text)

    def show(self, text: str) -> str:
        """The answer with what its marks stand for; marks that were never sent stay as they are."""
        return _MARK.sub(lambda found: self._hidden.get(found[0], found[0]), text)

    def _numbers(self, text: str) -> str:
        """Without everything but the ids of members."""
        text = self._guard(text.translate(_QUOTES))
        text = self._replace(_EMAIL, text, "email")
        text = self._replace(_WEIXIN, text, "user")
        text = self._replace(_IPV4, text, "ip", _is_address)
        text = _IPV6.sub(self._ipv6, text)
        text = self._replace(_ID, text, "id", is_id_number)
        text = self._replace(_CARD, text, "card", is_card)
        for pattern in _PHONES:
            text = self._replace(pattern, text, "phone")
        return text

    def _replace(
        self, pattern: re.Pattern[str], text: str, kind: str, check: Callable[[str], bool] | None = None
    ) -> str:
        def one(found: re.Match[str]) -> str:
            return self._hide(kind, found[0], found[0]) if check is None or check(found[0]) else found[0]

        return pattern.sub(one, text)

    def _ipv6(self, found: re.Match[str]) -> str:
        word = found[1] or ""
        if _is_address(found[0]):
            return self._hide("ip", found[0], found[0])
        return word + self._hide("ip", found[2], found[2]) if _is_address(found[2]) else found[0]

    def _hide(self, kind: str, value: str, shown: str) -> str:
        mark = self._names.mark(kind, value)
        self._hidden[mark] = shown
        return mark


def is_id_number(text: str) -> bool:
    """Whether 17 digits and a check sign are a Chinese ID number."""
    signs = _signs(text)
    total = sum(int(sign) * weight for sign, weight in zip(signs, _ID_WEIGHTS, strict=False))
    return len(signs) == 18 and "10X98765432"[total % 11] == signs[-1].upper()  # noqa: PLR2004 - by its standard


def is_card(text: str) -> bool:
    """Whether 13 to 19 digits pass Luhn's check."""
    digits = [int(sign) for sign in _signs(text)]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]  # noqa: PLR2004 - the sum of its digits
    return 13 <= len(digits) <= 19 and len(set(digits)) > 1 and not (sum(digits[::-2]) + sum(doubled)) % 10  # noqa: PLR2004


def _signs(text: str) -> str:
    return "".join(sign for sign in text if sign not in " -")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return text != "::"
