"""What of an answer's rows is English of ours, for the faces that say it in the reader's language."""

from __future__ import annotations

import msgspec

from kagami.i18n import Translate
from kagami.operations.registry import Request
from kagami.ports import AlertRow, Finding, Notice, SettingRow
from kagami.reasons.say import say

LONGEST_VALUE = 80
_REASONS = frozenset({"reason", "error", "trouble", "redis"})


def ours(row: object) -> frozenset[str]:
    """The names of the fields whose texts are ours; others hold what came from outside, or words for programs."""
    if isinstance(row, Finding):
        return frozenset({"subject", "text", "fix"})
    return _REASONS | {"text"} if isinstance(row, SettingRow) else _REASONS


def filled(told: AlertRow | Notice, t: Translate) -> str:
    """The words with what they name, which a program has apart."""
    try:
        return t(told.text).format_map({name: say(each, t) for name, each in told.fields.items()})
    except (KeyError, ValueError, IndexError):  # an engine of another version may have other fields
        return told.text


def wanted_of(request: msgspec.Struct) -> list[tuple[str, str]]:
    """What of a request differs from what goes without saying, for the question before it: names and short values.

    Values are foreign text, whatever they are; what the audit does not keep is not told either.
    """
    told = msgspec.to_builtins(request.told() if isinstance(request, Request) else request)
    values = {
        name: each if isinstance(each, str) else msgspec.json.encode(each).decode() for name, each in told.items()
    }
    return [
        (name, text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…") for name, text in values.items()
    ]
