"""Workers as they are shown: in a table, one in full, and when there are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kagami.core.routing import PLUGINS
from kagami.i18n import mark
from kagami.ports import FeedRow, WorkerRow
from kagami.reasons.say import say
from kagami.tui import figures
from kagami.tui.shell import Shell
from kagami.tui.talk import advice
from kagami.tui.widgets.page import fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.table import Column, Row

PERCENT = 100
NAME_CELLS = 13
BEHIND_S = 5.0  # a lag that is worth a colour
Table = Mapping[str, Any]

COLUMNS = (
    Column(mark("POOL"), 7),
    Column(mark("WORKER"), 12, grow=True),
    Column(mark("STATE"), 9),
    Column(mark("CHATS"), 5, "right"),
    Column(mark("SHARE"), 5, "right", drop=1),
    Column(mark("WEIGHT"), 6, "right", drop=2),
    Column(mark("MEAN"), 5, "right"),
    Column(mark("BUSY"), 4, "right"),
    Column(mark("LAG"), 5, "right"),
    Column(mark("MISSED"), 6, "right"),
    Column(mark("HANDLED"), 7, "right", drop=4),
    Column(mark("FAILED"), 6, "right", drop=3),
)
_STATES = {
    "live": (mark("at work"), "good"),
    "away": (mark("away"), "bad"),
    "drained": (mark("drained"), "warn"),
    "paused": (mark("paused"), "dim"),
}
_NOTHING = Span("-", "dim")
_SEES = (("bots", mark("bots")), ("chats", mark("chats")), ("events", mark("events")))


def rows(shell: Shell, workers: Sequence[WorkerRow], tables: Mapping[str, Table]) -> list[Row]:
    """Under `COLUMNS`; the share is of the pool's chats. `tables` are the entries in kagami.toml, by name."""
    held: dict[str, int] = {}
    for each in workers:
        held[each.pool] = held.get(each.pool, 0) + each.chats
    return [_row(shell, each, held[each.pool] if each.pool else 0, tables.get(each.name, {})) for each in workers]


def paused(table: Table) -> bool:
    return table.get("enabled") is False


def state_span(shell: Shell, row: WorkerRow, table: Table) -> Span:
    """`● at work`."""
    state = "paused" if row.state == "away" and paused(table) else row.state
    word, role = _STATES.get(state, (state, "text"))
    glyphs = shell.looks.glyphs
    sign = {"live": glyphs.online, "drained": glyphs.offline, "paused": glyphs.offline}.get(state, glyphs.failed)
    return Span(f"{sign} {shell.t(word)}", role)


def _row(shell: Shell, row: WorkerRow, held: int, table: Table) -> Row:
    pool = Span(row.pool, "text") if row.pool else _NOTHING
    name = f"{row.name} @{row.node}" if row.node else row.name
    shown = (pool, Span(name, "strong"), state_span(shell, row, table))
    if row.name == PLUGINS:
        return Row(row.name, (*shown, *[_NOTHING] * (len(COLUMNS) - len(shown))))
    spans = (
        *shown,
        Span(figures.count(row.chats)),
        Span(f"{row.chats * PERCENT // held}%" if held else "-"),
        Span(f"{row.weight:g}"),
        Span(figures.ms(row.mean_ms)),
        Span(str(row.busy)),
        Span(_lag(row.feed), _lag_role(row.feed)),
        _missed(row.feed),
        Span(figures.count(row.handled), "dim"),
        Span(figures.count(row.failed), "bad" if row.failed else "dim"),
    )
    return Row(row.name, spans)


def _missed(feed: FeedRow | None) -> Span:
    if feed is None:
        return _NOTHING
    return Span(figures.count(feed.late + feed.skipped), "warn" if feed.skipped else "text")


def _lag(feed: FeedRow | None) -> str:
    return "-" if feed is None or not feed.peers else figures.age(feed.behind_s)


def _lag_role(feed: FeedRow | None) -> str:
    return "warn" if feed and feed.behind_s >= BEHIND_S else "text"


def page(shell: Shell, row: WorkerRow, table: Table, width: int) -> Sequence[Line]:
    """One worker in full."""
    t, looks = shell.t, shell.looks
    state = state_span(shell, row, table)
    facts: list[tuple[str, str, str]] = [(t(mark("state")), state.text, state.role)]
    if row.node:
        facts.append((t(mark("process")), row.node, "text"))
    if row.feed is not None:
        facts += _of_feed(shell, row, row.feed, table)
    if row.name != PLUGINS:
        facts.append((t(mark("work")), _work(shell, row), "text"))
    lines = [
        line
        for name, value, role in facts
        for line in fact(name, value, width, looks, role=role, name_cells=NAME_CELLS)
    ]
    if row.name == PLUGINS:
        told = mark("the plugins are part of Kagami: rules decide what they get")
        lines += [(), *paragraph(t(told), width, looks, "dim")]
    if next_step := _next(row, table):
        lines += [(), *paragraph(t(next_step), width, looks, "strong")]
    return lines


def _of_feed(shell: Shell, row: WorkerRow, feed: FeedRow, table: Table) -> list[tuple[str, str, str]]:
    t = shell.t
    comes = t(mark("it connects to Kagami"))
    dials = t(mark("Kagami connects to {url}")).format(url=table.get("url", "?"))
    missed = t(mark("{late} came late, {skipped} never did")).format(late=feed.late, skipped=feed.skipped)
    gets = (
        t(mark("chats that a rule leads to the pool {pool}")).format(pool=row.pool)
        if row.pool
        else t(mark("every event that it may see (mirror)"))
    )
    facts = [
        *([(t(mark("why")), say(feed.reason, t), "warn" if row.state == "away" else "text")] if feed.reason else []),
        (t(mark("connection")), dials if feed.side == "out" else comes, "text"),
        *([("", ", ".join(feed.peers), "dim")] if feed.peers else []),
        (t(mark("gets")), gets, "text"),
        *((t(name), ", ".join(table[key]), "text") for key, name in _SEES if table.get(key)),
        (t(mark("lag")), _lag(feed), _lag_role(feed)),
        (t(mark("missed")), missed, "warn" if feed.skipped else "text"),
    ]
    return [*facts, (t(mark("cursor")), figures.count(feed.cursor), "text")] if feed.cursor else facts


def _work(shell: Shell, row: WorkerRow) -> str:
    told = mark("answers in {mean}, busy with {busy}; handled {handled}, failed {failed}")
    return shell.t(told).format(
        mean=figures.ms(row.mean_ms),
        busy=row.busy,
        handled=figures.count(row.handled),
        failed=figures.count(row.failed),
    )


def _next(row: WorkerRow, table: Table) -> str:
    """What to do about it, as a marked text; empty for nothing."""
    if row.state == "drained":
        return mark("x gives it events again")
    if row.feed is None or row.state != "away":
        return ""
    if paused(table):
        return mark("X lets it in again")
    return mark("c shows what to paste into it")


def none(shell: Shell) -> Sequence[Line]:
    t = shell.t
    told = t(
        mark("Applications that speak OneBot 11, such as NoneBot2 and Koishi, handle messages beside the plugins.")
    )
    row: Line = [Span("   a   ", "key"), Span(t(mark("lets one in, and shows what to paste into it")), "dim")]
    return [*advice(shell, t(mark("No workers.")), told), (), row]
