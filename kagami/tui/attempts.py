"""Dry runs in the sandbox: each as entries of the conversation, in full, and two of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import NamedTuple

from kagami.core.script import Step, Who
from kagami.i18n import Translate, mark
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.trace import Trace
from kagami.ports import Deed, Tried
from kagami.reasons.say import say
from kagami.tui.details import detail_text
from kagami.tui.figures import micros
from kagami.tui.format import pad, wrap
from kagami.tui.looks import Looks
from kagami.tui.stages import legs, stage_name
from kagami.tui.widgets.page import paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.transcript import Entry
from kagami.tui.words import OUTCOMES, outcome_span

BAR_CELLS = 10
NAME_CELLS = 9
NARROW = 44
_WORDS = {
    "asks": (mark("waits for an answer: type it"), "warn"),
    "slow": (mark("took too long and was ended"), "bad"),
    "worker": (mark("a worker would get it"), "accent"),
}
# What is told below a heading, in this order.
_HEADS = {
    "send": mark("would send"),
    "delete": mark("would take back"),
    "call": mark("would ask the platform"),
    "http": mark("uses the network"),
    "store": mark("would keep"),
    "job": mark("would plan"),
    "media": mark("would keep files"),
    "operation": mark("would operate Kagami"),
    "log": mark("log lines"),
}

_COMPARED = {"http": mark("network"), "store": mark("writes"), "job": mark("jobs"), "call": mark("calls")}


@dataclass(slots=True)
class Attempt:
    """One message that was tried. `other` is the same one at another version."""

    key: str
    at_ms: int
    who: Who
    text: str
    event: str = ""
    tried: Tried | None = None
    answers: list[str] = field(default_factory=list)
    other: Tried | None = None

    @property
    def asks(self) -> bool:
        return self.tried is not None and self.tried.outcome == "asks"

    def steps(self) -> list[Step]:
        """As a script has it."""
        first = Step("happens" if self.event else "says", self.event or self.text, self.who)
        found: list[tuple[int, Step]] = [(0, first)]
        if self.tried:
            found += [(each.at_us, Step("hears", each.text)) for each in self.tried.deeds if each.kind == "send"]
            times = [each.at_us for each in self.tried.marks if each.stage == "answer"]
            found += [(at, Step("says", text, self.who)) for at, text in zip(times, self.answers, strict=False)]
        return [step for _, step in sorted(found, key=lambda each: each[0])]


def entries_of(attempt: Attempt, looks: Looks, t: Translate) -> list[Entry]:
    """What was said, and what would have been answered."""
    tried, glyphs = attempt.tried, looks.glyphs
    shown = list[Entry]()
    for place, step in enumerate(attempt.steps()):
        key = f"{attempt.key}.{place}"
        if step.kind == "hears":
            plugin = tried.plugin.partition("@")[0].rpartition(".")[2] if tried else ""
            shown.append(Entry(key, attempt.at_ms, f"{glyphs.to} {plugin}", step.text, "good", t(mark("dry run"))))
        else:
            words = f"/event {step.text}" if step.kind == "happens" else step.text
            shown.append(Entry(key, attempt.at_ms, attempt.who.name, words, "text"))
    if tried is None:
        note, role = t(mark("being tried")), "dim"
    else:
        span = _outcome(tried, looks, t)
        note, role = f"{span.text}  {tried.plugin}  {micros(tried.total_us)} ms", span.role
    shown[0] = shown[0]._replace(note=note, note_role=role)
    return shown


def _outcome(tried: Tried, looks: Looks, t: Translate) -> Span:
    if tried.outcome in _WORDS:
        word, role = _WORDS[tried.outcome]
        sign = looks.glyphs.failed if role == "bad" else looks.glyphs.attention
        return Span(f"{sign} {t(word)}", role)
    return outcome_span(tried.outcome if tried.outcome in OUTCOMES else "failed", looks.glyphs, t)


def attempt_lines(attempt: Attempt, width: int, looks: Looks, t: Translate) -> list[Line]:
    """What was found out about it so far."""
    tried, other = attempt.tried, attempt.other
    if tried is None:
        return paragraph(t(mark("being tried")), width, looks, "warn")
    beside = [*compared_lines(tried, other, width, looks, t), ()] if other else []
    return [*beside, *tried_lines(tried, width, looks, t)]


def tried_lines(tried: Tried, width: int, looks: Looks, t: Translate) -> list[Line]:
    """Everything about one dry run."""
    told = t(mark("Nothing of this was sent, asked or kept."))
    return [
        *_why(tried, width, looks, t),
        (),
        *_bars(tried, looks, t),
        *_deeds(tried, width, looks, t),
        (),
        *paragraph(told, width, looks, "dim"),
    ]


def _why(tried: Tried, width: int, looks: Looks, t: Translate) -> list[Line]:
    """What became of it, by which rule, at which versions, and what went wrong."""
    built: list[Line] = [[Span(" "), _outcome(tried, looks, t), Span(f"  {micros(tried.total_us)} ms", "strong")]]
    if tried.plugin:
        built.append([Span(f" {tried.plugin}", "accent")])
    number = t(mark("rule {number}")).format(number=tried.number) + ": " if tried.number else ""
    built += paragraph(number + (_reason(tried, t) or t(mark("no rule decided"))), width, looks, "dim")
    for each in tried.marks:
        if each.stage == "version":
            built += paragraph(f"{t(mark('version'))} {each.detail}", width, looks, "dim", 2)
    return [*built, (), *paragraph(say(tried.error, t), width, looks, "bad", 1)] if tried.error else built


def _reason(tried: Tried, t: Translate) -> str:
    """The guard's where it kept it out, else the rules'."""
    return detail_text("guard" if tried.outcome == "guarded" else "route", tried.reason, t)


def _deeds(tried: Tried, width: int, looks: Looks, t: Translate) -> list[Line]:
    """What would have been done, by kinds."""
    built: list[Line] = []
    for kind, head in _HEADS.items():
        deeds = [each for each in tried.deeds if each.kind == kind]
        if deeds:
            built += [(), [Span(f" {t(head)} {len(deeds)}", "warn" if kind == "http" else "title")]]
            built += [line for deed in deeds for line in _deed(deed, width, looks)]
    return built


def _bars(tried: Tried, looks: Looks, t: Translate) -> list[Line]:
    marks = tuple(each for each in tried.marks if each.stage != "version")
    nobody = (ExecutionId(""), BotId(""), ChatId(""), UserId(""))
    found = legs(Trace(*nobody, 0, tried.total_us, "handled", marks))
    longest = max((leg.end_us - leg.start_us for leg in found), default=0) or 1
    return [
        [
            # There is no frame: what is before the first mark is the choice of who handles it.
            Span(" " + pad(stage_name("start" if leg.stage == "frame" else leg.stage, t), NAME_CELLS, tier=looks.text)),
            Span(f"{micros(leg.end_us - leg.start_us):>7} ", "strong"),
            Span(looks.glyphs.focus[1] * ((leg.end_us - leg.start_us) * BAR_CELLS // longest), "accent"),
        ]
        for leg in found
    ]


def _deed(deed: Deed, width: int, looks: Looks) -> list[Line]:
    rows = paragraph(deed.text, width, looks, "text", 2) if deed.text else []
    return [*rows[:8], *paragraph(deed.detail, width, looks, "dim", 3)[:3]] if deed.detail else rows[:8]


def compared_lines(one: Tried, other: Tried, width: int, looks: Looks, t: Translate) -> list[Line]:
    """Two versions side by side; what differs is marked."""
    same = _facts(one) == _facts(other)
    told = mark("Both do the same.") if same else mark("They differ: look before you raise the weight.")
    rows = [line for pair in _pairs(one, other, looks, t) for line in _beside(pair, width, looks)]
    return [*rows, (), *paragraph(t(told), width, looks, "good" if same else "warn")]


class _Pair(NamedTuple):
    """One fact of both; `matters` when a difference should be seen."""

    name: str
    texts: tuple[str, str]
    matters: bool = True


def _pairs(one: Tried, other: Tried, looks: Looks, t: Translate) -> list[_Pair]:
    def both(name: str, of: Callable[[Tried], str], *, matters: bool = True) -> _Pair:
        return _Pair(t(name) if name else "", (of(one), of(other)), matters)

    replies = zip_longest(_said(one), _said(other), fillvalue="")
    found = [
        both("", lambda each: each.plugin.partition("@")[2], matters=False),
        both(mark("outcome"), lambda each: _outcome(each, looks, t).text),
        *(_Pair("" if place else t(mark("reply")), texts) for place, texts in enumerate(replies)),
        *(both(name, partial(_all_of, kind)) for kind, name in _COMPARED.items()),
        both(mark("errors"), lambda each: each.error),
        both(mark("time"), lambda each: f"{micros(each.total_us)} ms", matters=False),
    ]
    return [each for each in found if any(each.texts)]


def _beside(pair: _Pair, width: int, looks: Looks) -> list[Line]:
    differs = pair.matters and pair.texts[0] != pair.texts[1]
    role = "warn" if differs else "text"
    if width < NARROW:
        return _below(pair, width, looks, role)
    cells = max(8, (width - NAME_CELLS - 6) // 2)
    first, second = (wrap(text, cells, looks.text) or ["-"] for text in pair.texts)
    leads = [(looks.glyphs.attention if differs else " ", pair.name)]
    return [
        [
            Span(f" {sign} ", "warn"),
            Span(pad(name, NAME_CELLS, tier=looks.text) + " ", "dim"),
            Span(pad(left, cells, tier=looks.text) + " ", role),
            Span(pad(right, cells, tier=looks.text) + " ", role),
        ]
        for (sign, name), left, right in _rows(leads, first, second)
    ]


def _rows(
    leads: list[tuple[str, str]], first: list[str], second: list[str]
) -> Iterator[tuple[tuple[str, str], str, str]]:
    """As many rows as the longer side has."""
    for lead, left, right in zip_longest(leads, first, second):
        yield lead or (" ", ""), left or "", right or ""


def _below(pair: _Pair, width: int, looks: Looks, role: str) -> list[Line]:
    """Where there is no room for two columns: one below the other."""
    sign = looks.glyphs.attention if role == "warn" else " "
    rows: list[Line] = [[Span(f" {sign} ", "warn"), Span(pair.name, "dim")]] if pair.name else []
    for lead, text in zip(("1", "2"), pair.texts, strict=True):
        pieces = wrap(text, width - 8, looks.text) or ["-"]
        rows += [
            [Span(f"   {' ' if place else lead} ", "dim"), Span(piece, role)] for place, piece in enumerate(pieces)
        ]
    return rows


def _all_of(kind: str, tried: Tried) -> str:
    return "\n".join(f"{each.text} {each.detail}" for each in tried.deeds if each.kind == kind)


def _said(tried: Tried) -> list[str]:
    return [each.text for each in tried.deeds if each.kind == "send"]


def _facts(tried: Tried) -> Sequence[object]:
    kinds = ("send", "delete", "call", "http", "store", "job", "operation")
    deeds = [(each.kind, each.text, each.detail) for each in tried.deeds if each.kind in kinds]
    return (tried.outcome, tried.error, deeds)
