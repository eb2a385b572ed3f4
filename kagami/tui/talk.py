"""How chats and messages are shown: as rows of tables, as entries of a transcript, under which tabs, and when there
are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kagami.i18n import Translate, mark
from kagami.model.ids import split_id
from kagami.model.message import preview
from kagami.ports import ChatRow, DialogRow, MessageRow, Open, OperatorRow
from kagami.reasons.say import say
from kagami.tui.figures import age, moment, size
from kagami.tui.shell import Shell
from kagami.tui.widgets.page import paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.table import Column, Row
from kagami.tui.widgets.transcript import Entry
from kagami.tui.words import OUTCOMES, outcome_span

EMPTY_CELLS = 56
# What an incoming message usually becomes; anything else is said below it.
_USUAL = frozenset(("handled", "answer", "ignored"))

CHAT_COLUMNS = (
    Column(mark("WHERE"), 14, grow=True),
    Column(mark("WHO"), 8, drop=2),
    Column(mark("ACCOUNT"), 12, drop=3),
    Column(mark("LAST MESSAGE"), 12, grow=True, drop=1),
    Column(mark("STATE"), 14),
    Column(mark("AGE"), 4, "right"),
)
OPERATOR_COLUMNS = (
    Column(mark("WHO"), 14, grow=True),
    Column(mark("KIND"), 8),
    Column(mark("FACE"), 8),
    Column(mark("FROM"), 18, grow=True),
    Column(mark("FOR"), 5, "right"),
    Column(mark("SENT"), 6, "right", drop=1),
)
_FACES = {"console": mark("console"), "browser": mark("browser"), "feed": mark("feed")}
FOUND_COLUMNS = (
    Column(mark("TIME"), 14),
    Column("", 1),
    Column(mark("WHO"), 10),
    Column(mark("CHAT"), 16, drop=1),
    Column(mark("ACCOUNT"), 12, drop=2),
    Column(mark("MESSAGE"), 16, grow=True),
    Column(mark("OUTCOME"), 11, drop=3),
)
DEAD_COLUMNS = (
    Column(mark("TIME"), 14),
    Column(mark("TRIES"), 5, "right"),
    Column(mark("WHO"), 10),
    Column(mark("CHAT"), 16, drop=1),
    Column(mark("MESSAGE"), 12, grow=True),
    Column(mark("LAST ERROR"), 14, grow=True),
)

_TABS = (
    ("live", "c", mark("Conversations"), "chat.live"),
    ("search", "/", mark("Search"), "chat.search"),
    ("dead", "d", mark("Dead letters"), "chat.dead"),
    ("people", "o", mark("Operators"), "op.list"),
)


def tab_line(shell: Shell, here: str, numbers: Mapping[str, int]) -> Line:
    """The tabs with their keys and, by tab, how much is on them."""
    spans: list[Span] = []
    for tab, key, title, action in _TABS:
        number = numbers.get(tab, 0)
        text = f"{shell.t(title)} {number}" if number else shell.t(title)
        role = "title" if tab == here else "bad" if tab == "dead" and number else "text"
        spans += [
            Span(f" {key} ", "key"),
            Span(f"[{text}]" if tab == here else f" {text} ", role, f"app.place('{action}')"),
        ]
    return spans


def chat_row(shell: Shell, key: str, chat: ChatRow, dialogs: Sequence[DialogRow] = ()) -> Row:
    """Under `CHAT_COLUMNS`. `dialogs` are the questions that are open there."""
    where = f"{chat.chat_name}  {chat.chat}" if chat.chat_name else chat.chat
    old = age((shell.clock.wall_ms() - chat.last_ms) / 1000)
    texts = (where, chat.last_sender, chat.bot, chat.last_text, state_of(shell, dialogs), old)
    cells = tuple(map(Span, texts, ("text", "accent", "dim", "strong", "warn", "dim")))
    return Row(key, cells, (*texts[:-1], -chat.last_ms))


def state_of(shell: Shell, dialogs: Sequence[DialogRow]) -> str:
    """`dice waits 9s`: which plugin waits for an answer, and since when."""
    if not dialogs:
        return ""
    first = dialogs[0]
    since = age((shell.clock.wall_ms() - first.since_ms) / 1000)
    more = f" +{len(dialogs) - 1}" if dialogs[1:] else ""
    told = shell.t(mark("{plugin} waits {since}")).format(plugin=first.plugin.partition("@")[0], since=since)
    return told + more


def operator_row(shell: Shell, key: str, operator: OperatorRow) -> Row:
    """Under `OPERATOR_COLUMNS`."""
    t = shell.t
    since = (shell.clock.wall_ms() - operator.since_ms) / 1000
    here = operator.address or t(mark("this machine"))
    texts = (operator.name or "?", t(operator.kind), t(_FACES[operator.face]), here)
    sent = size(operator.sent_bytes) if operator.sent_bytes else "-"
    cells = (*map(Span, texts, ("strong", "dim", "accent", "text")), Span(age(since), "dim"), Span(sent, "dim"))
    return Row(key, cells, (*texts, -since, operator.sent_bytes))


def said_entry(shell: Shell, row: MessageRow, note: str = "") -> Entry:
    """One message of a transcript. What is not as usual is said below it, else `note` is."""
    key, word = str(row.id), outcome_span(row.outcome, shell.looks.glyphs, shell.t).text
    if row.direction == "in":
        unusual = row.outcome in OUTCOMES and row.outcome not in _USUAL
        below = f"{word} {say(row.reason, shell.t)}" if unusual else note
        return Entry(key, row.time_ms, row.sender or row.user, row.text, "text", below, "warn" if unusual else "dim")
    who = f"{shell.looks.glyphs.to} {split_id(row.bot)[1]}"
    if row.outcome == "sent":
        return Entry(key, row.time_ms, who, row.text, "good", note)
    role = OUTCOMES.get(row.outcome, ("", "text"))[1]
    return Entry(key, row.time_ms, who, row.text, "dim", f"{word} {say(row.reason, shell.t)}", role)


def found_row(shell: Shell, row: MessageRow) -> Row:
    """Under `FOUND_COLUMNS`."""
    coming = row.direction == "in"
    spans = (
        Span(moment(row.time_ms), "dim"),
        Span("<" if coming else ">", "accent" if coming else "good"),
        Span((row.sender or row.user) if coming else "", "accent"),
        Span(row.chat_name or row.chat),
        Span(row.bot, "dim"),
        Span(row.text, "strong"),
        outcome_span(row.outcome, shell.looks.glyphs, shell.t),
    )
    return Row(str(row.id), spans, (row.time_ms,))


def dead_row(dead: Open, t: Translate) -> Row:
    """Under `DEAD_COLUMNS`."""
    event = dead.event
    spans = (
        Span(moment(event.time_ms), "dim"),
        Span(str(dead.attempts)),
        Span(event.sender.name or event.user, "accent"),
        Span(event.chat),
        Span(preview(event.message), "strong"),
        Span(say(dead.error, t), "bad"),
    )
    return Row(event.execution, spans, (event.time_ms, dead.attempts))


def advice(shell: Shell, *texts: str) -> list[Line]:
    """What stands in an empty place: a heading and sentences, narrow enough for every screen."""
    rows: list[Line] = [()]
    for place, text in enumerate(texts):
        rows += paragraph(text, EMPTY_CELLS, shell.looks, "text" if place else "strong", 3)
    return rows


def first_keys(shell: Shell) -> list[Line]:
    """The two ways to get something into an empty place."""
    keys = (("2", mark("connects a bot")), ("8", mark("talks to your plugins in the Sandbox: no account needed")))
    return [(), *((Span(f"   {key} ", "key"), Span(shell.t(text), "dim")) for key, text in keys)]


def no_chats(shell: Shell, contains: str) -> Sequence[Line]:
    t = shell.t
    if contains:
        return advice(shell, t(mark("No chat holds this in its name.")), t(mark("& changes the filter.")))
    told = t(mark("Every chat that a bot reads or writes in appears here by itself."))
    return [*advice(shell, t(mark("No conversations yet.")), told), *first_keys(shell)]


def no_results(shell: Shell, searched: str) -> Sequence[Line]:
    t = shell.t
    if searched:
        return advice(shell, t(mark("No message holds this text.")))
    how = t(mark("Any language, any place in the message; two Chinese characters are enough."))
    return advice(shell, t(mark("Type a text and press Enter.")), how)


def no_dead(shell: Shell) -> Sequence[Line]:
    t = shell.t
    told = t(mark("An event whose handler fails five times comes here; r handles it again."))
    return advice(shell, t(mark("No dead letters.")), told)
