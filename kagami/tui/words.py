"""How outcomes are said: a word and a role for each, so that colour is never the only sign."""

from __future__ import annotations

from collections.abc import Mapping

from kagami.i18n import Translate, mark
from kagami.tui.looks import Glyphs
from kagami.tui.widgets.painted import Span

OUTCOMES: Mapping[str, tuple[str, str]] = {
    "handled": (mark("handled"), "good"),
    "answer": (mark("answer"), "good"),
    "answered": (mark("answered"), "good"),
    "unsent": (mark("not sent"), "bad"),
    "unsure": (mark("unsure"), "warn"),
    "ignored": (mark("ignored"), "dim"),
    "denied": (mark("denied"), "warn"),
    "limited": (mark("limited"), "warn"),
    "guarded": (mark("guarded"), "warn"),
    "dropped": (mark("dropped"), "dim"),
    "late": (mark("late"), "warn"),
    "shed": (mark("shed"), "bad"),
    "retry": (mark("retry"), "warn"),
    "parked": (mark("waits"), "warn"),
    "dead": (mark("dead"), "bad"),
    "bad_frame": (mark("bad frame"), "bad"),
    "sent": (mark("sent"), "good"),
    "failed": (mark("failed"), "bad"),
    "unknown": (mark("unknown"), "warn"),
    "sending": (mark("sending"), "dim"),
    "ready": (mark("ready"), "dim"),
}

EXPLAINED: Mapping[str, str] = {
    "handled": mark("A plugin answered or acted."),
    "answer": mark("It answered a question that a handler had asked."),
    "answered": mark("No plugin wanted it; an application outside answered."),
    "unsent": mark("An answer could not be sent."),
    "unsure": mark("Whether an answer arrived is not known."),
    "ignored": mark("No plugin wanted it."),
    "denied": mark("The sender may not do this."),
    "limited": mark("A flood limit held it back."),
    "guarded": mark("The guard kept it out."),
    "dropped": mark("A rule lets nobody have it."),
    "late": mark("It was too old when its turn came."),
    "shed": mark("Too much waited in this conversation."),
    "retry": mark("The handler failed; it will be tried again."),
    "parked": mark("Its plugin cannot serve now; it waits."),
    "dead": mark("The handler failed too often. Chats, dead letters: handle it again."),
    "bad_frame": mark("This is not the protocol; it was kept and not handled."),
}


def outcome_span(outcome: str, glyphs: Glyphs, t: Translate) -> Span:
    """`✓ handled`; an unknown word is shown as it is."""
    word, role = OUTCOMES.get(outcome, (outcome, "text"))
    sign = {"good": glyphs.ok, "bad": glyphs.failed, "warn": glyphs.attention}.get(role, glyphs.offline)
    return Span(f"{sign} {t(word)}", role)
