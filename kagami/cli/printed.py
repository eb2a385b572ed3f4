"""JSON on a terminal: what it holds comes from outside, and none of it may steer what shows it."""

from __future__ import annotations

from typing import Any

import msgspec


def as_json(value: Any) -> str:
    r"""One line of JSON. Characters that are not for showing (C1, DEL, formats, ends of lines) are `\uXXXX` in it:
    outside of texts there are none.
    """
    text = msgspec.json.encode(value).decode()
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
