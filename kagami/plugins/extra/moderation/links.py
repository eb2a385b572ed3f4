"""Finds links in a text, and the hosts to which they lead."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from urllib.parse import urlsplit

LONGEST_TEXT = 5_000
# Where nobody wrote `https://`, only endings that people register are links: `3.5` and `main.py` are none.
_ENDINGS = (
    "com|net|org|cn|io|cc|co|top|xyz|me|gg|vip|club|site|online|link|live|shop|app|dev|info|biz|tv|ru|uk|de|jp|hk|tw|us"
)
# The host ends where a path or other writing begins; the path is passed over, whatever it looks like.
_LINK = re.compile(
    r"(?P<full>https?://(?:[a-z0-9.:@_~%!$&*+=;\[\]-]{1,300}|[^\s/]{1,60}))[!-~]{0,2000}"
    rf"|(?<![a-z0-9@.-])(?P<bare>(?:[a-z0-9-]{{1,63}}\.){{1,6}}(?:{_ENDINGS}))(?![a-z0-9-])",
    re.IGNORECASE,
)


def hosts(text: str) -> Iterator[str]:
    """The hosts of all links, in small letters."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST_TEXT])
    for found in _LINK.finditer(plain):
        host = _host(found["full"]) if found["full"] else found["bare"]
        if host:
            yield host.casefold()


def foreign(text: str, allowed: Collection[str]) -> str | None:
    """The first host that is not one of `allowed`, nor below one of them."""
    known = [each.casefold().removeprefix("*.") for each in allowed]
    for host in hosts(text):
        if not any(host == each or host.endswith(f".{each}") for each in known):
            return host
    return None


def _host(url: str) -> str:
    """A URL that cannot be read leads nowhere good: it is its own host."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return url[:60]
