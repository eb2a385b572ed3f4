"""Addresses of people and machines: mail, IPv4 and IPv6."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address

Found = tuple[int, int]

_MAIL = re.compile(
    r"(?<![\w.%+'-])[\w.%+'-]{1,64}+(?:@| ?[\[(](?:at|AT)[\])] ?)"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}+)\.){1,8}[A-Za-z]{2,24}(?![\w-])(?!\.\w)",
    re.ASCII,
)
_FILES = ("png", "jpg", "jpeg", "gif", "webp", "svg", "tgz", "zip", "js", "ts", "css", "md", "py")
_BYTE = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_IPV4 = re.compile(rf"(?<![\w.])(?<!\d-){_BYTE}(?:\.{_BYTE}){{3}}(?!\w)(?!\.\d)", re.ASCII)
_VERSION = re.compile(
    r"(?:(?i:\b(?:version|ver|v|build|release|section|chapter))|版本号?|第|§|章|节|升级到|更新到)[ :.是]{0,2}$"
)
_AFTER = re.compile(r" ?(?:节|章|条|版)")
_MAY_FOLLOW = frozenset(" 节章条版")
_LOOKED_BACK = 12
_IPV6 = re.compile(
    r"(?<![\w:.])(?:[A-Za-z]{2,20}+:(?!:))?((?:[0-9A-Fa-f]{0,4}:){2,8}[0-9A-Fa-f.]{0,15})(?![\w:])", re.ASCII
)
_LEAST_COLONS = 4


def mails(text: str) -> Iterator[Found]:
    if "@" not in text and "at" not in text and "AT" not in text:
        return
    for found in _MAIL.finditer(text):
        address = found[0]
        remote = address.startswith("git@") and text[found.end() : found.end() + 1] == ":"
        if not remote and not address.lower().endswith(_FILES):
            yield found.span()


def addresses(text: str) -> Iterator[Found]:
    if "." in text:
        for found in _IPV4.finditer(text):
            start, end = span = found.span()
            if not _is_version(text, start, end):
                yield span
    if ":" in text:
        yield from _long_addresses(text)


def _long_addresses(text: str) -> Iterator[Found]:
    for found in _IPV6.finditer(text):
        start = found.start() if _is_address(found[0]) else found.start(1)
        shown = text[start : found.end()]
        # Two words with colons are a name of C++ more often than an address.
        certain = any(sign.isdigit() for sign in shown) or shown.count(":") >= _LEAST_COLONS
        if certain and _is_address(shown):
            yield start, found.end()


def _is_version(text: str, start: int, end: int) -> bool:
    word = text[max(0, start - _LOOKED_BACK) : start].rstrip(" :.是")
    named = bool(word) and (word[-1].isalpha() or word[-1] == "§")
    if named and _VERSION.search(text, max(0, start - _LOOKED_BACK), start):
        return True
    return text[end : end + 1] in _MAY_FOLLOW and _AFTER.match(text, end) is not None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
