"""Welcome and farewell: templates in which only `{name}` and `{group}` are special: a person and the group."""

from __future__ import annotations

import re

from kagami.plugins.api import Mention, Message, Text

_PLACE = re.compile(r"\{(name|group)\}")


def fill(template: str, *, name: str | Mention, group: str) -> Message:
    """The message of a template."""
    parts: list[Text | Mention] = []
    for place, piece in enumerate(_PLACE.split(template)):
        # Every second piece is a name that stood in braces.
        filled = piece if place % 2 == 0 else name if piece == "name" else group
        if isinstance(filled, Mention):
            parts.append(filled)
        elif filled:
            parts.append(Text(filled))
    return tuple(parts)


def uses_group(template: str) -> bool:
    return "{group}" in template
