"""A conversation as a text, to be held again: who spoke where, what they said, what was answered.

    as user:10001 chat:group:7 name:小明
    > /roll 3d6
    | every further line of a message
    < 3d6 = 12
    ! join

`!` is something that happens, by its word. `#` begins a remark. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from kagami.errors import UsageError

_WORD = re.compile(r'(user|chat|name):("[^"]*"|\S+)')
Kind = Literal["says", "hears", "happens"]
_SIGNS: dict[str, Kind] = {">": "says", "<": "hears", "!": "happens"}
_WRITTEN = {kind: sign for sign, kind in _SIGNS.items()}


@dataclass(frozen=True, slots=True)
class Who:
    user: str = "10001"
    chat: str = "private:10001"
    name: str = "me"


@dataclass(frozen=True, slots=True)
class Step:
    """One message or happening; `line` counts from 1."""

    kind: Kind
    text: str
    who: Who = Who()
    line: int = 0


def read_script(text: str) -> list[Step]:
    """`UsageError` names the line that cannot be read."""
    steps: list[Step] = []
    who = Who()
    for number, line in enumerate(text.splitlines(), 1):
        sign, _, rest = line.partition(" ")
        if not line.strip() or sign.startswith("#"):
            continue
        if sign == "as":
            who = replace(who, **{name: value.strip('"') for name, value in _WORD.findall(rest)})
        elif sign == "|" and steps:
            steps[-1] = replace(steps[-1], text=f"{steps[-1].text}\n{rest}")
        elif sign in _SIGNS:
            steps.append(Step(_SIGNS[sign], rest, who, number))
        else:
            raise UsageError(reason=f"line {number}: a line begins with as, >, <, |, ! or #")
    return steps


def write_script(steps: Iterable[Step], remark: str = "") -> str:
    lines = [f"# {remark}"] if remark else []
    who: Who | None = None
    for step in steps:
        if step.kind != "hears" and step.who != who:
            who = step.who
            lines.append(f'as user:{who.user} chat:{who.chat} name:"{who.name.replace(chr(34), chr(39))}"')
        first, *more = step.text.split("\n")
        lines += [f"{_WRITTEN[step.kind]} {first}", *(f"| {each}" for each in more)]
    return "\n".join(lines) + "\n"
