"""Rules and guard lines as they are shown: in tables, one in full, and when there are none."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from kagami.core.routing import DROP, PLUGIN, PLUGINS, Rule
from kagami.i18n import Translate, mark
from kagami.operations.guard import GuardRow
from kagami.operations.routes import RouteList
from kagami.ports import Hits
from kagami.reasons.say import say
from kagami.tui import figures
from kagami.tui.route_ask import GUARD_KINDS, to_text
from kagami.tui.route_draft import Draft
from kagami.tui.shell import Shell
from kagami.tui.talk import advice
from kagami.tui.widgets.chart import chart
from kagami.tui.widgets.fieldset import JOINT
from kagami.tui.widgets.page import fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.table import Column, Row

CHART_ROWS = 3
CHART_S = 300
FOR_EVER = 0

RULE_COLUMNS = (
    Column("#", 3, "right"),
    Column(mark("ON"), 6),
    Column(mark("WHEN"), 18, grow=True),
    Column(mark("DO"), 16, grow=True),
    Column(mark("HITS"), 6, "right"),
    Column(mark("LAST"), 4, "right"),
)
GUARD_COLUMNS = (
    Column(mark("KIND"), 8),
    Column(mark("VALUE"), 14, grow=True),
    Column(mark("DOES"), 14),
    Column(mark("SCOPE"), 14),
    Column(mark("UNTIL"), 14),
    Column(mark("NOTE"), 10, grow=True, drop=1),
)

ACTS = (("deny", mark("keep out")), ("allow", mark("let through")))
MANNERS = (("ignore", mark("silently")), ("warn", mark("tell the sender")), ("tell", mark("tell super admins")))


# --- rules -----------------------------------------------------------------------------------------------------------


class HitsPast:
    """How often each rule decided, second by second, as this console has seen it."""

    def __init__(self) -> None:
        self._past: dict[tuple[str, str], deque[float]] = {}
        self._last: dict[tuple[str, str], Hits] = {}
        self._troubles: dict[str, str] = {}

    def note(self, rules: RouteList) -> None:
        self._last, before = {}, self._last
        for row in rules.rules:
            key = (row.match, row.to)
            self._last[key] = Hits(row.hits, row.last_ms)
            grown = max(0, row.hits - before[key].count) if key in before else 0
            self._past.setdefault(key, deque(maxlen=CHART_S)).append(grown)
        self._troubles = {row.to: row.trouble for row in rules.rules}

    def of(self, rule: Rule) -> Hits:
        return self._last.get((rule.match, rule.to), Hits())

    def trouble(self, rule: Rule) -> str:
        """Why it leads nowhere now."""
        return self._troubles.get(rule.to, "")

    def past(self, rule: Rule) -> Sequence[float]:
        return tuple(self._past.get((rule.match, rule.to), ()))


def rule_rows(shell: Shell, draft: Draft, past: HitsPast, words: str) -> list[Row]:
    """Under `RULE_COLUMNS`; those that hold `words`. A star is at what is not saved."""
    pending = draft.pending
    return [
        _rule_row(shell, place, key, rule, past, pending=key in pending)
        for place, (key, rule) in enumerate(draft.items, 1)
        if words in f"{rule.match} {rule.to} {rule.note}".casefold()
    ]


def _rule_row(shell: Shell, number: int, key: str, rule: Rule, past: HitsPast, *, pending: bool) -> Row:
    glyphs, t, hits = shell.looks.glyphs, shell.t, past.of(rule)
    calm = "text" if rule.enabled else "dim"
    on = (
        Span(f"{glyphs.online} {t(mark('on'))}", "good")
        if rule.enabled
        else Span(f"{glyphs.offline} {t(mark('off'))}", "dim")
    )
    note = f"  {rule.note}" if rule.note else ""
    spans = (
        Span(f"{number}{'*' if pending else ''}", "warn" if pending else "dim"),
        on,
        Span(rule.match + note, "strong" if rule.enabled else "dim"),
        Span(
            to_text(shell, rule.to) + (" !" if rule.exclusive else ""),
            "warn" if rule.to == DROP or past.trouble(rule) else calm,
        ),
        Span(figures.count(hits.count), calm),
        Span(age(shell, hits.last_ms), "dim"),
    )
    return Row(key, spans)


def age(shell: Shell, at_ms: int) -> str:
    return figures.age((shell.clock.wall_ms() - at_ms) / 1000) if at_ms else "-"


def rule_page(shell: Shell, rule: Rule, past: HitsPast, width: int) -> Sequence[Line]:
    """One rule in full, and how often it decided of late."""
    t, looks, hits = shell.t, shell.looks, past.of(rule)
    conditions = rule.match.split(JOINT)
    rows: list[Line] = [[Span(f" {t(mark('When'))}", "title")]]
    for each in conditions:
        kind, _, value = each.partition(":")
        rows += fact(t(_CONDITIONS.get(kind, mark("any"))), value or each, width, looks, name_cells=9)
    rows += [(), [Span(f" {t(mark('Then'))}", "title")], *_consequence(shell, rule, width)]
    rows += paragraph(say(past.trouble(rule), t), width, looks, "warn") if past.trouble(rule) else []
    rows += [(), *paragraph(rule.note, width, looks)] if rule.note else []
    rows += [(), *fact(t(mark("hits")), figures.count(hits.count), width, looks, name_cells=9)]
    rows += fact(t(mark("last")), figures.moment(hits.last_ms) if hits.last_ms else "-", width, looks, name_cells=9)
    samples = (width - 2) * (2 if looks.glyphs.braille else 1)
    values = past.past(rule)[-samples:]
    drawn = chart(values, width - 2, CHART_ROWS, braille=looks.glyphs.braille, top=max(values, default=0.0) or 1.0)
    rows += [(), *([Span(" " + line, "accent")] for line in drawn)]
    return [*rows, [Span(f" {t(mark('hits a second, as seen from here'))}", "dim")]]


def _consequence(shell: Shell, rule: Rule, width: int) -> Sequence[Line]:
    t, looks = shell.t, shell.looks
    to = f"{looks.glyphs.to} {to_text(shell, rule.to)}  {_what(rule.to, t)}"
    away = (
        mark("when that is away, nobody gets it")
        if rule.exclusive
        else mark("when that is away, the next rule decides")
    )
    return [
        *paragraph(to, width, looks, "strong"),
        *(paragraph(t(away), width, looks, "dim") if rule.to not in (DROP, PLUGINS) else []),
        *(paragraph(t(mark("it is off")), width, looks, "warn") if not rule.enabled else []),
    ]


_CONDITIONS: Mapping[str, str] = {
    "user": mark("user"),
    "chat": mark("chat"),
    "bot": mark("bot"),
    "platform": mark("platform"),
    "text": mark("text"),
}


def _what(to: str, t: Translate) -> str:
    if to == PLUGINS:
        return t(mark("all of them, as without a rule"))
    if to.startswith(PLUGIN):
        return t(mark("this one alone"))
    return "" if to == DROP else t(mark("a worker, or a pool of them"))


def how_rules_win(shell: Shell, width: int) -> Sequence[Line]:
    """What stands where one rule would."""
    told = mark(
        "Of all rules that fit, an exact one beats one with * or ?, one that says more beats one that says less, and "
        "of two that say as much the earlier wins. When what it leads to is away, the next one decides."
    )
    return paragraph(shell.t(told), width, shell.looks, "dim")


def no_rules(shell: Shell, words: str) -> Sequence[Line]:
    t = shell.t
    if words:
        return advice(shell, t(mark("No rule has these letters. Esc shows all.")))
    told = t(
        mark("Without rules all messages go to the plugins. A rule leads some to one plugin, to a worker or nowhere.")
    )
    keys = (
        ("a", mark("makes the first rule; it counts once it is saved (S)")),
        ("E", mark("says what would happen to a message")),
        ("i", mark("takes rules from another Kagami")),
    )
    return [*advice(shell, t(mark("No rules.")), told), (), *_keys(shell, keys)]


def _keys(shell: Shell, keys: Sequence[tuple[str, str]]) -> list[Line]:
    return [[Span(f"   {key}   ", "key"), Span(shell.t(text), "dim")] for key, text in keys]


# --- guard lists -----------------------------------------------------------------------------------------------------


def guard_key(row: GuardRow) -> str:
    return f"{row.kind}|{row.where}|{row.value}"


def guard_row(shell: Shell, row: GuardRow) -> Row:
    """Under `GUARD_COLUMNS`."""
    t = shell.t
    until = figures.moment(row.until_ms) if row.until_ms != FOR_EVER else t(mark("for ever"))
    spans = (
        Span(t(dict(GUARD_KINDS).get(row.kind, row.kind)), "accent"),
        Span(row.value, "strong"),
        Span(does(row, t), "good" if row.act == "allow" else "text"),
        Span(row.where or t(mark("everywhere")), "text" if row.where else "dim"),
        Span(until, "text" if row.until_ms else "dim"),
        Span(row.note, "dim"),
    )
    return Row(guard_key(row), spans)


def does(row: GuardRow, t: Translate) -> str:
    """`kept out`, and whom it is told."""
    if row.act == "allow":
        return t(mark("let through"))
    return t({"warn": mark("out, told so"), "tell": mark("out, admins told")}.get(row.action, mark("kept out")))


def no_guard(shell: Shell, words: str) -> Sequence[Line]:
    t = shell.t
    if words:
        return advice(shell, t(mark("No line has these letters. Esc shows all.")))
    told = t(
        mark("Users, chats, words, patterns and links that are kept out stand here. Super admins are never kept out.")
    )
    keys = (
        ("a", mark("keeps somebody or something out")),
        ("i", mark("takes a whole list, one value a line")),
        ("E", mark("says what would happen to a text")),
    )
    return [*advice(shell, t(mark("Nothing is kept out.")), told), (), *_keys(shell, keys)]
