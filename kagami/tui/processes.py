"""How the processes of one Kagami are shown: a state as sign and word, and all of them in one line."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.i18n import mark
from kagami.operations.cluster import STATE_WORDS, ProcessRow
from kagami.reasons.say import say
from kagami.tui.format import fit, visible
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Line, Span

_TONES = {"serving": "good", "leaving": "warn", "gone": "bad"}


def state_span(shell: Shell, row: ProcessRow) -> Span:
    """`● serves`; one that misses the database or Redis, or whose clock is wrong, is troubled."""
    glyphs = shell.looks.glyphs
    if row.state == "serving" and (row.trouble or row.redis or row.clock_s):
        return Span(f"{glyphs.troubled} {shell.t(mark('troubled'))}", "warn")
    sign = {"serving": glyphs.online, "gone": glyphs.failed}.get(row.state, glyphs.troubled)
    return Span(f"{sign} {shell.t(STATE_WORDS.get(row.state, row.state))}", _TONES.get(row.state, "text"))


def bad(trouble: str | None, shell: Shell) -> tuple[str, str]:
    """What is wrong in this person's language, with its colour; None is what is not there at all."""
    if trouble is None:
        return shell.t(mark("none")), "dim"
    return (say(trouble, shell.t), "bad") if trouble else (shell.t(mark("no trouble")), "text")


def line(shell: Shell, rows: Sequence[ProcessRow], width: int) -> Line:
    """What there is to say of them, the worst first; nothing of one that is well."""
    told = _wrong(shell, rows)
    if len(rows) > 1 and not told:
        there = shell.t(mark("{count} processes share the work")).format(count=len(rows))
        told = [Span(f" {shell.looks.glyphs.online} {there}", "dim")]
    if not told:
        return []
    text = fit("".join(each.text for each in told), width, shell.looks.text)
    spans: list[Span] = []
    for each in told:
        piece, text = text[: len(each.text)], text[len(each.text) :]
        spans.append(Span(piece, each.role))
    return spans


def _wrong(shell: Shell, rows: Sequence[ProcessRow]) -> list[Span]:
    t, here = shell.t, [row for row in rows if row.state != "gone"]
    gone = [visible(row.node) for row in rows if row.state == "gone"]
    leaving = [visible(row.node) for row in rows if row.state == "leaving"]
    found = (
        (any(row.trouble for row in here), mark("The database is away: messages wait until it is back"), "bad"),
        (any(row.redis for row in here), mark("Redis is away: messages go on, more slowly"), "warn"),
        (bool(gone), mark("gone: {process}"), "bad"),
        (bool(leaving), mark("handing over: {process}"), "warn"),
    )
    names = {2: gone, 3: leaving}
    return [
        Span(f" {shell.looks.glyphs.attention} {t(text).format(process=', '.join(names.get(place, ())))} ", role)
        for place, (so, text, role) in enumerate(found)
        if so
    ]
