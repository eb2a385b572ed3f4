"""What was said in a chat lately: a bounded run of lines, each kept in the store under its serial number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from kagami.plugins.api import Face, File, Image, Mention, Message, Native, Reply, Text, Video, Voice

PREFIX = "line/"
LONGEST_LINE = 1_000
LONGEST_NAME = 32
_MARKS: dict[type, str] = {
    Image: "[image]",
    Voice: "[voice]",
    Video: "[video]",
    File: "[file]",
    Face: "[face]",
    Reply: "",
    Native: "[…]",
}


class Line(msgspec.Struct, frozen=True, array_like=True):
    """`user` is empty for what the bot said; `ms` is when, since 1970."""

    user: str
    name: str
    text: str
    ms: int


class Memory:
    """At most `most` lines by serial. An answer takes its place in the row when it is begun, not when it is there."""

    def __init__(self, most: int, lines: Mapping[int, Line] | None = None, *, following: int = 0) -> None:
        self._most = most
        self._lines = dict(lines or {})
        self._next = max(following, *(serial + 1 for serial in self._lines), 0)

    def __len__(self) -> int:
        return len(self._lines)

    def __contains__(self, serial: int) -> bool:
        return serial in self._lines

    @property
    def following(self) -> int:
        """The serial of the next line."""
        return self._next

    def take(self) -> int:
        """A place in the row, to be filled later."""
        self._next += 1
        return self._next - 1

    def put(self, serial: int, line: Line) -> list[int]:
        """Remember a line; the serials of those that are forgotten for it, or for having come too late."""
        self._lines[serial] = line
        dropped = sorted(self._lines)[: -self._most]
        for each in dropped:
            del self._lines[each]
        return dropped

    def recent(self, characters: int) -> list[Line]:
        """The newest lines with at most so many characters together, oldest first; always the newest one."""
        found: list[Line] = []
        for line in self._newest_first():
            characters -= len(line.text) + len(line.name)
            if found and characters < 0:
                break
            found.append(line)
        found.reverse()
        return found

    def names(self) -> dict[str, str]:
        """Names by user id, the newest one of each; nobody's is empty."""
        return {line.user: line.name for _, line in sorted(self._lines.items()) if line.user}

    def _newest_first(self) -> Iterator[Line]:
        return (self._lines[serial] for serial in sorted(self._lines, reverse=True))


def key_of(serial: int) -> str:
    return f"{PREFIX}{serial:012d}"


def read_lines(stored: Mapping[str, Any]) -> dict[int, Line]:
    """Lines by serial from what the store has; what another version left in another form is not taken."""
    found: dict[int, Line] = {}
    for key, value in stored.items():
        try:
            found[int(key.removeprefix(PREFIX))] = msgspec.convert(value, Line)
        except (ValueError, msgspec.ValidationError):
            continue
    return found


def shown(message: Message, account: str) -> str:
    """One text of a message; pictures and the like are only mentioned. `account` is the bot's own id."""
    return "".join(_shown(part, account) for part in message).strip()[:LONGEST_LINE]


def plain_name(name: str) -> str:
    """A name that cannot be taken for anything else: one line, no brackets or colons."""
    kept = "".join(sign if sign.isprintable() and sign not in ":：()（）<>‹›[]" else " " for sign in name)
    return " ".join(kept.split())[:LONGEST_NAME]


def _shown(part: Any, account: str) -> str:
    match part:
        case Text(text=content):
            return content
        case Mention(user=user):
            return "@you " if user == account else f"@{user} "
        case _:
            return _MARKS.get(type(part), "[…]")
