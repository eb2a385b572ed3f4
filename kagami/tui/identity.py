"""Who one is in the sandbox: `/as user:10002 group:777 name:小明`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import msgspec

from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.model.ids import ChatId, chat_id, split_id

USAGE = mark("Write /as user:10002 group:777 name:Ann (each may be left out; group:- leaves the group).")
_WORD = re.compile(r'(\w+):("[^"]*"|\S+)')


@dataclass(frozen=True, slots=True)
class Identity:
    """`group` is empty for a private chat; `bot` is that of a message that is tried again, else the sandbox."""

    user: str = "10001"
    name: str = "me"
    group: str = ""
    bot: str = ""

    @property
    def chat(self) -> ChatId:
        return chat_id("group", self.group) if self.group else chat_id("private", self.user)


class Replayed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message of somewhere else that is to be tried again; `go("sandbox", it.target)`."""

    text: str
    user: str
    chat: str
    name: str = ""
    bot: str = ""

    @property
    def target(self) -> str:
        return msgspec.json.encode(self).decode()

    def identity(self) -> Identity:
        kind, number = split_id(self.chat)
        return Identity(self.user, self.name or self.user, number if kind != "private" else "", self.bot)


def read_identity(words: str, before: Identity) -> Identity:
    """What `/as` makes of an identity; `UsageError` with `USAGE` for anything else than its three fields."""
    found = {name: value.strip('"') for name, value in _WORD.findall(words)}
    left = _WORD.sub("", words).strip()
    if left or not found or not found.keys() <= {"user", "group", "name"}:
        raise UsageError(reason=USAGE)
    if found.get("group") == "-":
        found["group"] = ""
    return replace(before, **found)
