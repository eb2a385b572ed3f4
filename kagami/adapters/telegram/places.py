"""Names of chats, topics and messages."""

from __future__ import annotations

import re
from typing import NamedTuple

from kagami.adapters.telegram.wire import Chat, Said
from kagami.model.ids import ChatId, chat_id

_PLACE = re.compile(r"(-?[0-9]{1,19}|@[A-Za-z0-9_]{3,64})(?:/([0-9]{1,19}))?", re.ASCII)


class Target(NamedTuple):
    """A chat, or a place in it: the number of a topic or of a message, 0 for none."""

    chat: int | str
    number: int = 0


def chat_of(chat: Chat, said: Said | None = None) -> ChatId:
    """A topic is a chat of its own: an answer lands where the question was."""
    kind = chat.type if chat.type in ("private", "channel") else "group"
    topic = said.message_thread_id if said is not None and said.is_topic_message else 0
    return chat_id(kind, f"{chat.id}/{topic}" if topic else chat.id)


def read_target(name: str) -> Target | None:
    """Of `-100123`, `-100123/77` or `@channel`; None for anything else."""
    found = _PLACE.fullmatch(name)
    if found is None:
        return None
    chat = found[1] if found[1].startswith("@") else int(found[1])
    return Target(chat, int(found[2] or 0))
