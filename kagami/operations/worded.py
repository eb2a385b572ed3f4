"""What of an answer's rows is English of ours, for the faces that say it in the reader's language."""

from __future__ import annotations

from kagami.i18n import Translate
from kagami.model.ability import Ability
from kagami.ports import AlertRow, Field, Finding, Notice, PluginRow, SettingRow
from kagami.reasons.say import say

_REASONS = frozenset({"reason", "error", "taken_back", "trouble", "redis"})


def ours(row: object) -> frozenset[str]:
    """The names of the fields whose texts are ours; others hold what came from outside, or words for programs."""
    if isinstance(row, Finding):
        return frozenset({"subject", "text", "fix"})
    if isinstance(row, Ability):
        return frozenset({"note"})
    if isinstance(row, PluginRow):
        return _REASONS | {"description", "error", "problems"}
    return _REASONS | {"text"} if isinstance(row, SettingRow | Field) else _REASONS


def filled(told: AlertRow | Notice, t: Translate) -> str:
    """The words with what they name, which a program has apart."""
    try:
        return t(told.text).format_map({name: say(each, t) for name, each in told.fields.items()})
    except (KeyError, ValueError, IndexError):  # an engine of another version may have other fields
        return told.text
