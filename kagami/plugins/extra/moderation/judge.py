"""Whether a message breaks a rule, and which. It reads nothing from the store."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kagami.plugins.api import Event, Image

from .chats import Guarded
from .links import foreign
from .watch import Watch
from .words import WordList, plain


class Breach(NamedTuple):
    why: Literal["word", "link", "flood", "repeat"]
    detail: str = ""


def judge(event: Event, guarded: Guarded, general: WordList, watch: Watch) -> Breach | None:
    """The first rule that is broken. A message counts for floods and repeats whatever else it is."""
    rules, key = guarded.rules, key_of(event)
    flood = watch.floods(key, rules, event.time_ms)
    repeat = watch.repeats(key, _said(event), rules, event.time_ms)
    text = event.text
    if (word := guarded.words.find(text) or general.find(text)) is not None:
        return Breach("word", word)
    if rules.links and (host := foreign(text, rules.allowed_hosts)) is not None:
        return Breach("link", host)
    if repeat:
        return Breach("repeat")
    return Breach("flood") if flood else None


def key_of(event: Event) -> tuple[str, ...]:
    """What messages are counted by."""
    return event.bot, event.chat, event.user


def _said(event: Event) -> str:
    """What makes two messages the same: their letters, else their pictures."""
    return plain(event.text[:500]) or " ".join(part.file for part in event.message if isinstance(part, Image))
