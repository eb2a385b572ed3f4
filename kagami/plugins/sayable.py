"""What can be said in a chat."""

from __future__ import annotations

from kagami.model.message import Message
from kagami.model.segment import Segment, Text

Sayable = str | Segment | Message


def as_message(message: Sayable) -> Message:
    """Text, one part or a whole message as a message. `TypeError` for anything else."""
    if isinstance(message, str):
        return (Text(message),)
    if isinstance(message, Segment):
        return (message,)  # type: ignore[return-value]
    if isinstance(message, (tuple, list)):
        return tuple(message)
    raise TypeError(f"a message is a text, a part or a tuple of parts, not {type(message).__name__}")
