"""When to speak: always when spoken to, otherwise by keyword or chance, and neither at night nor too often."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from .options import ChatSettings

Reason = Literal["", "addressed", "keyword", "chance"]


def reason_to_speak(
    settings: ChatSettings, text: str, *, addressed: bool, user: str, now: datetime, silent: float, dice: float
) -> Reason:
    """Why to answer, or nothing. `now` is local, `silent` the seconds since the last answer, `dice` within [0, 1)."""
    if user in settings.bots:
        return ""
    if addressed:
        return "addressed"
    if silent < settings.cooldown or is_quiet(settings.quiet, now):
        return ""
    folded = text.casefold()
    if any(word and word.casefold() in folded for word in settings.keywords):
        return "keyword"
    return "chance" if dice < settings.chance else ""


def is_quiet(hours: str, now: datetime) -> bool:
    """Whether `now` is within hours like `23:00-07:30`; the end does not belong to them."""
    if not hours:
        return False
    begin, _, end = hours.partition("-")
    clock = f"{now:%H:%M}"
    return begin <= clock < end if begin <= end else clock >= begin or clock < end
