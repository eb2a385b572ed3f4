"""How the audit is searched, listed, read row by row, and what its verification says in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from kagami.core.chain import Verdict
from kagami.errors import NotFound
from kagami.i18n import Translate, mark
from kagami.operations import registry
from kagami.operations.audit import ListAudit
from kagami.ports import AuditRow
from kagami.tui.fielded import fielded
from kagami.tui.figures import count, moment
from kagami.tui.looks import Glyphs, Looks
from kagami.tui.shell import Shell
from kagami.tui.widgets.page import fact, paragraph
from kagami.tui.widgets.painted import Line, Span
from kagami.tui.widgets.table import Column, Row

FIELDS = ("who", "operation", "result")
COLUMNS: Sequence[Column] = (
    Column(mark("TIME"), 14),
    Column(mark("WHO"), 14),
    Column(mark("OPERATION"), 18),
    Column(mark("RESULT"), 10),
    Column(mark("WHAT"), 12, grow=True),
)
RESULTS: Mapping[str, tuple[str, str]] = {
    "ok": (mark("done"), "good"),
    "begun": (mark("begun"), "dim"),
    "failed": (mark("failed"), "bad"),
    "denied": (mark("denied"), "warn"),
    "refused": (mark("refused"), "warn"),
    "missing": (mark("missing"), "bad"),
    "interrupted": (mark("interrupted"), "bad"),
}
_EXPLAINED: Mapping[str, str] = {
    "begun": mark("It was begun; the row of its end comes after it."),
    "failed": mark("It failed by a fault of the program; the log says more."),
    "interrupted": mark("It was begun, and the engine ended in the middle of it: how far it came is not known."),
    "denied": mark("Who asked for it lacks the right."),
    "refused": mark("It was refused; nothing was changed."),
}


def wanted(line: str) -> ListAudit:
    """`who:ann operation:plugins. result:denied weather`."""
    found = fielded(line, FIELDS)
    fields = found.fields
    return ListAudit(fields.get("who", ""), fields.get("operation", ""), fields.get("result", ""), found.text)


def result_span(result: str, glyphs: Glyphs, t: Translate) -> Span:
    """`✓ done`, `! refused`; an unknown word is shown as it is."""
    word, role = RESULTS.get(result.partition(":")[0], (result, "text"))
    sign = {"good": glyphs.ok, "bad": glyphs.failed, "warn": glyphs.attention}.get(role, glyphs.offline)
    return Span(f"{sign} {t(word)}", role)


def result_text(result: str, t: Translate) -> str:
    """`refused: NotFound` in the reader's language; which refusal it was stays, as the audit has it."""
    word, colon, reason = result.partition(":")
    return f"{t(RESULTS[word][0])}{colon}{reason}" if word in RESULTS else result


def who(row: AuditRow) -> str:
    return f"{row.kind}:{row.name}" if row.name and row.name != row.kind else row.kind


def fields(row: AuditRow) -> dict[str, Any]:
    """What was asked for; a target that is no JSON object is one field."""
    try:
        found = msgspec.json.decode(row.target)
    except msgspec.MsgspecError:
        return {"": row.target} if row.target else {}
    return found if isinstance(found, dict) else {"": found}


def spelled(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def audit_row(shell: Shell, row: AuditRow) -> Row:
    """Under `COLUMNS`."""
    what = "  ".join(f"{name}={spelled(value)}" if name else spelled(value) for name, value in fields(row).items())
    spans = (
        Span(moment(row.at_ms), "dim"),
        Span(who(row), "accent"),
        Span(row.operation),
        result_span(row.result, shell.looks.glyphs, shell.t),
        Span(what, "strong"),
    )
    return Row(str(row.seq), spans, (row.at_ms, who(row), row.operation, row.result, what))


def earlier(row: AuditRow, rows: Iterable[AuditRow]) -> AuditRow | None:
    """When the same was done to the same thing before: same operation, same first field, and done."""
    here = next(iter(fields(row).items()), None)
    found = (
        each
        for each in rows
        if each.seq < row.seq
        and (each.operation, each.result) == (row.operation, "ok")
        and next(iter(fields(each).items()), None) == here
    )
    return max(found, key=lambda each: each.seq, default=None)


def record(row: AuditRow, before: AuditRow | None, width: int, looks: Looks, t: Translate) -> list[Line]:
    """One row in full, with what the same was set to before, where that is known."""
    result = result_span(row.result, looks.glyphs, t)
    built: list[Line] = [[Span(" "), result, Span(f"  {row.operation}", "accent")]]
    built += paragraph(_sentence(row.operation, t), width, looks, "dim")
    kind, _, reason = row.result.partition(": ")
    if kind in _EXPLAINED:
        built += paragraph(f"{t(_EXPLAINED[kind])} {reason}".strip(), width, looks, result.role)
    built.append(())
    facts = ((mark("row"), str(row.seq)), (mark("time"), moment(row.at_ms)), (mark("who"), who(row)))
    for name, value in (*facts, (mark("from"), row.address or "-")):
        built += fact(t(name), value, width, looks)
    built += [(), (Span(f" {t(mark('what'))}", "title"),)]
    old = fields(before) if before else {}
    for name, given in fields(row).items():
        value = spelled(given)
        if name in old and old[name] != given:
            value = f"{spelled(old[name])} {looks.glyphs.to} {value}"
        built += fact(name or t(mark("text")), value, width, looks, role="strong", name_cells=14)
    if before is not None:
        told = t(mark("The same was done before in row {row}, {time}.")).format(
            row=before.seq, time=moment(before.at_ms)
        )
        built += [(), *paragraph(told, width, looks, "dim")]
    return built


def _sentence(operation: str, t: Translate) -> str:
    try:
        return t(registry().find(operation).text)
    except NotFound:
        return ""


def verdict_words(verdict: Verdict, t: Translate) -> str:
    """What the verification found, in one sentence."""
    if verdict.ok:
        told = t(mark("{rows} rows hold together, {anchors} signed anchors fit."))
        return told.format(rows=count(verdict.rows), anchors=count(verdict.anchors))
    if verdict.anchor:
        return t(mark("The signed anchor of row {row} is broken: {why}")).format(row=verdict.anchor, why=t(verdict.why))
    return t(mark("Broken at row {row}: {why}")).format(row=verdict.row, why=t(verdict.why))
