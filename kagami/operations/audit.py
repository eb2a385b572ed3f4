"""Who did what: the audit's rows, their export, and the verification of their chain."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Literal

import msgspec

from kagami.core.chain import Verdict
from kagami.operations.paging import Before, Limit, Words
from kagami.operations.privacy import veiled_audit
from kagami.operations.registry import Request, operation
from kagami.ports import AuditRow, Parts

MOST_ROWS = 1_000
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class ListAudit(Request, frozen=True):
    """Newest first. `who` is a name (`admin`), a kind (`token`) or both (`token:ci`).

    `operation` and `result` are what those begin with, `text` is looked for everywhere in the row; `before` is a row's
    number, `since_ms` and `until_ms` (0: now) are moments in milliseconds since 1970.
    """

    who: str = ""
    operation: str = ""
    result: str = ""
    text: Words = ""
    since_ms: int = 0
    until_ms: int = 0
    before: Before = 0
    limit: Limit = 100


class VerifyAudit(Request, frozen=True):
    pass


class ExportAudit(Request, frozen=True):
    """Rows behind the number `after`, oldest first."""

    format: Literal["jsonl", "csv"] = "jsonl"
    after: Before = 0
    limit: Limit = 500


class Exported(msgspec.Struct, frozen=True):
    """`text` is whole lines; `next` is the `after` of the next page, 0 when this was the last one."""

    text: str
    rows: int
    next: int


@operation("audit.list", "audit:read", offline=True)
async def list_audit(parts: Parts, request: ListAudit) -> list[AuditRow]:
    """Who did what, the newest first."""
    rows = await parts.store.audits(
        who=request.who,
        operation=request.operation,
        result=request.result,
        text=request.text,
        since_ms=request.since_ms,
        until_ms=request.until_ms,
        before=request.before,
        limit=_most(request.limit),
    )
    return veiled_audit(parts, rows)


@operation("audit.verify", "audit:read", offline=True)
async def verify(parts: Parts, request: VerifyAudit) -> Verdict:  # noqa: ARG001
    """Check that no row of the audit was changed, removed or added."""
    return await parts.store.verify_audit()


@operation("audit.export", "audit:read", offline=True)
async def export(parts: Parts, request: ExportAudit) -> Exported:
    """The audit as lines of JSON, or as a table for a spreadsheet, page by page."""
    limit = _most(request.limit)
    rows = veiled_audit(parts, await parts.store.audits_after(request.after, limit))
    text = write_csv(rows, head=not request.after) if request.format == "csv" else _write_lines(rows)
    return Exported(text, len(rows), rows[-1].seq if len(rows) == limit else 0)


def write_csv(rows: Iterable[AuditRow], *, head: bool) -> str:
    """Lines as RFC 4180 has them; a cell that a spreadsheet would run as a formula begins with an apostrophe."""
    out = io.StringIO()
    import csv  # noqa: PLC0415 - few ask for it

    writer = csv.writer(out)
    if head:
        writer.writerow(AuditRow.__struct_fields__)
    writer.writerows([_cell(value) for value in msgspec.structs.astuple(row)] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _write_lines(rows: Iterable[AuditRow]) -> str:
    return "".join(msgspec.json.encode(row).decode() + "\n" for row in rows)


def _most(limit: int) -> int:
    return min(limit, MOST_ROWS)


OPERATIONS = (list_audit, verify, export)
