"""What a model gets to read: the system prompt, and the chat as turns of members and of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from .masking import Cover
from .memory import Line

_PLACE = re.compile(r"\{(\w{1,20})\}")


def fill(template: str, values: Mapping[str, str]) -> str:
    """`{group}` and the like replaced, once: what stands in a value is never looked at, other braces stay."""
    return _PLACE.sub(lambda found: values.get(found[1], found[0]), template)


def turns(system: str, lines: Sequence[Line], cover: Cover) -> list[dict[str, str]]:
    """Messages of the chat completions API: what members say in a row is one turn, and the first turn is theirs."""
    found: list[dict[str, str]] = []
    for line in lines:
        role = "user" if line.user else "assistant"
        content = _spoken(line, cover) if line.user else cover.hide(line.text)
        if found and found[-1]["role"] == role:
            found[-1]["content"] += f"\n{content}"
        elif found or line.user:
            found.append({"role": role, "content": content})
    return [{"role": "system", "content": system}, *found]


def local(ms: int) -> datetime:
    """The local time of this machine."""
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone()


def _spoken(line: Line, cover: Cover) -> str:
    """`Ada (12:30): text`; further lines are set in, so that nobody can write a line in another's name."""
    text = cover.hide(line.text).replace("\n", "\n    ")
    return f"{cover.user(line.user)} ({local(line.ms):%H:%M}): {text}"
