"""How traces are searched for and listed: the words of a search, the columns, rows in which trouble stands out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from kagami.i18n import Translate, mark
from kagami.model.ids import ExecutionId
from kagami.model.trace import Trace
from kagami.reasons.say import say
from kagami.tui.fielded import fielded
from kagami.tui.figures import clock, micros
from kagami.tui.shell import Shell
from kagami.tui.widgets.painted import Span
from kagami.tui.widgets.table import Column, Row
from kagami.tui.words import OUTCOMES, outcome_span

FIELDS = ("chat", "user", "bot", "plugin", "outcome", "id")
SLOW_US = 1_000_000
OUTCOME_FILTERS = (
    "", "handled", "answered", "ignored", "unsent", "unsure", "retry", "parked", "dead", "denied", "limited",
    "guarded", "dropped", "late", "shed", "answer", "bad_frame",
)  # fmt: skip
SLOWER_US = (0, 50_000, SLOW_US)
# What one looks for when something is wrong.
FAILED = ("dead", "retry", "bad_frame", "shed", "unsent")
DURATION = 2  # the column of how long it took
T = TypeVar("T")
_ID = re.compile(r"[0-9a-f-]{8,36}")

COLUMNS = (
    Column(mark("TIME"), 8),
    Column(mark("OUTCOME"), 11),
    Column(mark("ms"), 6, "right"),
    Column("", 4),
    Column(mark("ACCOUNT"), 14, drop=3),
    Column(mark("CHAT"), 16, drop=1),
    Column(mark("USER"), 8, drop=4),
    Column(mark("PLUGIN"), 14, drop=2),
    Column(mark("MESSAGE"), 12, grow=True),
)


def wanted(line: str, outcome: str, slower_us: int, t: Translate) -> dict[str, Any]:
    """The fields of `ListTraces` for a search line; what it says of outcome and time comes before the other two.

    Outcomes may be written as they are shown; a lone word that looks like one is a part of an execution's id.
    """
    found = fielded(line, FIELDS)
    given: dict[str, Any] = {name: value for name, value in found.fields.items() if name not in ("id", "outcome")}
    given["execution"] = found.fields.get("id", "")
    given["outcome"] = _outcome(found.fields.get("outcome", ""), t) or outcome
    given["slower_us"] = found.slower_us or slower_us
    if _ID.fullmatch(found.text.lower()) and re.search("[0-9]", found.text) and re.search("[a-f-]", found.text.lower()):
        return given | {"execution": found.text}
    return given | {"text": found.text}


def _outcome(word: str, t: Translate) -> str:
    return next((name for name in OUTCOMES if word in (name, OUTCOMES[name][0], t(OUTCOMES[name][0]))), word)


def search_words(traces: Iterable[Trace]) -> tuple[str, ...]:
    """What may be typed next, for completion."""
    seen = {f"chat:{each.chat}" for each in traces} | {f"user:{each.user}" for each in traces}
    seen |= {f"plugin:{each.plugin.partition('@')[0]}" for each in traces if each.plugin}
    return (*(f"{name}:" for name in FIELDS), *(f"outcome:{each}" for each in OUTCOME_FILTERS if each), *sorted(seen))


# Characters of a text beside an error: a row is shorter, and a text may be megabytes.
LONGEST = 1_000


def trace_row(shell: Shell, trace: Trace) -> Row:
    """Under `COLUMNS`: a failed one with its error, a slow one with the word for it."""
    slow = trace.total_us >= SLOW_US
    spans = (
        Span(clock(trace.started_ms), "dim"),
        outcome_span(trace.outcome, shell.looks.glyphs, shell.t),
        Span(micros(trace.total_us), "warn" if slow else "text"),
        Span(shell.t(mark("slow")) if slow else "", "warn"),
        Span(trace.bot, "dim"),
        Span(trace.chat),
        Span(trace.user, "dim"),
        Span(trace.plugin or trace.worker, "accent"),
        _said(trace, shell.t),
    )
    return Row(trace.execution, spans, (trace.started_ms, trace.outcome, trace.total_us))


def _said(trace: Trace, t: Translate) -> Span:
    """What was said, behind what went wrong, or whose answer it got."""
    if trace.outcome in ("unsent", "unsure"):
        what = t(mark("answer failed")) if trace.outcome == "unsent" else t(mark("answer unsure"))
        return Span(f"{what}: {say(trace.error, t)}  {trace.text[:LONGEST]}", "bad")
    if trace.error:
        return Span(f"{say(trace.error, t)}  {trace.text[:LONGEST]}", "bad")
    if late := next((each.detail for each in trace.marks if each.stage == "late"), ""):
        return Span(f"{say(late, t)}  {trace.text[:LONGEST]}", "warn")
    if trace.outcome == "answered":
        return Span(f"{t(mark('answered by worker {name}')).format(name=trace.worker)}  {trace.text}", "strong")
    return Span(trace.text, "strong")


def near_row(shell: Shell, trace: Trace) -> Row:
    """Of a neighbour: when, what became of it, what was said."""
    spans = (
        Span(clock(trace.started_ms), "dim"),
        outcome_span(trace.outcome, shell.looks.glyphs, shell.t),
        Span(trace.text, "strong"),
    )
    return Row(trace.execution, spans)


NEAR_COLUMNS: Sequence[Column] = (Column("", 8), Column("", 11), Column("", 10, grow=True))


def short_id(execution: str) -> str:
    """The end of an execution id, where the random part is: what people compare."""
    return ExecutionId(execution)[-8:]


def spell(words: str, outcome: str, slower_us: int) -> str:
    """One search line of all that is looked for."""
    parts = (words, f"outcome:{outcome}" if outcome else "", f">{slower_us // 1000}ms" if slower_us else "")
    return " ".join(part for part in parts if part)


def next_of(values: Sequence[T], value: T) -> T:
    """The one after it, after the last the first; the first for a value that is none of them."""
    return values[(values.index(value) + 1) % len(values) if value in values else 0]
