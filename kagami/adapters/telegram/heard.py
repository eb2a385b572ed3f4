"""What was said lately, whole: who is answered is asked for by applications, and Telegram's interface gives no message
by its id. A quoted message comes with the one that quotes it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from kagami.core.newest import Newest
from kagami.model.event import Event
from kagami.model.ids import split_id
from kagami.model.message import Message
from kagami.onebot.write import write_message

MOST, MOST_BYTES = 2_000, 32_000

_encoder = msgspec.json.Encoder(enc_hook=repr)


class Heard:
    """The newest messages by their id; forgotten with the process."""

    def __init__(self) -> None:
        self._kept: Newest[str, Event] = Newest(MOST)

    def add(self, event: Event) -> None:
        if event.kind == "message" and event.message_id and _is_light(event.message):
            self._kept[event.message_id] = msgspec.structs.replace(event, native="")

    def quoted(self, event: Event) -> None:
        """One that another quotes: what is known of it already has its files."""
        if self._kept.get(event.message_id) is None:
            self.add(event)

    def find(self, message_id: str) -> Event | None:
        return self._kept.get(message_id)


def _is_light(message: Message) -> bool:
    """Whoever sends a whole file in place of a name for it need not find it again, nor half a character."""
    try:
        return len(_encoder.encode(message)) <= MOST_BYTES
    except UnicodeEncodeError:
        return False


def shown(event: Event) -> dict[str, Any]:
    """A message as `get_msg` answers it."""
    kind, rest = split_id(event.chat)
    private = kind == "private"
    place = {} if private else {"group_id": rest if kind == "group" else event.chat}
    return {
        "message_type": "private" if private else "group",
        "message_id": event.message_id,
        "real_id": event.message_id,
        "time": event.time_ms // 1000,
        "sender": {"user_id": event.user, "nickname": event.sender.name, "sex": "unknown", "age": 0},
        "message": write_message(event.message),
        **place,
    }
