"""KMarkdown, KOOK's own markup, read as parts of a message and written from them.

Source: https://developer.kookapp.cn/doc/kmarkdown-desc. Markup that has no part of its own (bold, quotes, code) stays
as it was typed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kagami.model.segment import AnySegment, Face, Mention, Native, Text

SPECIAL = "!()*-.:>[\\]`~"
EVERYBODY = ("all", "here")

# Two letters for each one at the worst, so that no piece passes any limit of a message.
_SLICE = 1000
_ESCAPE = re.compile(f"[{re.escape(SPECIAL)}]")
_URL = re.compile(r"https?://[^\s()\[\]\\*`~<>]{1,900}")
_TOKEN = re.compile(
    r"(?P<code>```.*?```|`[^`\n]+`)"
    rf"|\\(?P<plain>[{re.escape(SPECIAL)}])"
    r"|\((?P<tag>met|rol|chn)\)(?P<id>[^()]{1,64})\((?P=tag)\)"
    r"|\(emj\)(?P<name>[^()]{0,64})\(emj\)\[(?P<emoji>[^\[\]]{1,128})\]"
    # What people type as an address comes as a link to itself.
    r"|\[(?P<link>[^\[\]()]+)\]\((?P=link)\)",
    re.DOTALL,
)


def escape(text: str) -> str:
    """Shown as it is."""
    return _ESCAPE.sub(r"\\\g<0>", text)


def write_text(text: str) -> Iterator[str]:
    """Pieces that may be joined or sent apart; addresses become links."""
    place = 0
    for found in _URL.finditer(text):
        yield from _slices(text[place : found.start()])
        yield f"[{found[0]}]({found[0]})"
        place = found.end()
    yield from _slices(text[place:])


def _slices(text: str) -> Iterator[str]:
    for start in range(0, len(text), _SLICE):
        yield escape(text[start : start + _SLICE])


def mention(user: str) -> str:
    return f"(met){user}(met)" if re.fullmatch(r"\w+", user) else escape(f"@{user} ")


def face(part: Face) -> str:
    """An emoticon of a server, which has a name; any other is named."""
    name = part.extra.get("name")
    if isinstance(name, str) and name and _ESCAPE.search(name) is None:
        return f"(emj){name}(emj)[{part.id}]"
    return escape(f"[{part.id}]")


def read(content: str, roles: Mapping[str, str] | None = None) -> list[AnySegment]:
    """The parts of a text. `roles` are names of the roles that it may mention."""
    parts: list[AnySegment] = []
    text: list[str] = []
    place = 0
    for found in _TOKEN.finditer(content):
        text.append(content[place : found.start()])
        place = found.end()
        part = _read_token(found, roles or {})
        if isinstance(part, str):
            text.append(part)
            continue
        _settle(parts, text)
        parts.append(part)
    text.append(content[place:])
    _settle(parts, text)
    return parts


def _settle(parts: list[AnySegment], text: list[str]) -> None:
    if joined := "".join(text):
        parts.append(Text(joined))
    text.clear()


def _read_token(found: re.Match[str], roles: Mapping[str, str]) -> AnySegment | str:
    if found["emoji"]:
        return Face(found["emoji"], {"name": found["name"]})
    match found["tag"]:
        case "met":
            user = found["id"]
            return Mention("all", {"here": True}) if user == "here" else Mention(user)
        case "rol":
            return Native("role", {"id": found["id"], "name": roles.get(found["id"], "")})
        case "chn":
            return Native("channel", {"id": found["id"]})
    return found["code"] or found["plain"] or found["link"]
