"""Who did what, as operators ask for it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from kagami.core.chain import Verdict
from kagami.model.principal import CONSOLE
from kagami.operations import registry
from kagami.operations.audit import ExportAudit, ListAudit, VerifyAudit, write_csv
from kagami.ports import AuditRow, Parts

CALLS = registry()


def row(seq: int, target: str = "{}") -> AuditRow:
    return AuditRow(seq, 1_000 + seq, "person", "admin", "192.0.2.7", "bots.pause", target, "ok")


class Kept:
    """Rows that are there, and what was asked."""

    def __init__(self, *rows: AuditRow) -> None:
        self.rows = rows
        self.asked: dict[str, Any] = {}

    async def audits(self, **asked: Any) -> list[AuditRow]:
        self.asked = asked
        return list(self.rows)

    async def audits_after(self, seq: int, limit: int) -> list[AuditRow]:
        return [each for each in self.rows if each.seq > seq][:limit]

    async def verify_audit(self) -> Verdict:
        return Verdict(ok=True, rows=len(self.rows))


async def test_filters_reach_the_store(make_parts: Callable[..., Parts]) -> None:
    store = Kept(row(1))
    request = ListAudit(
        who="token:ci", operation="bots.", result="denied", text="qq", since_ms=5, before=9, limit=10**9
    )
    assert await CALLS.call(make_parts(store=store), CONSOLE, request) == [row(1)]
    assert store.asked == msgspec.structs.asdict(request) | {"limit": 1_000}


async def test_the_verdict_is_the_stores(make_parts: Callable[..., Parts]) -> None:
    answer = await CALLS.call(make_parts(store=Kept(row(1))), CONSOLE, VerifyAudit())
    assert answer == Verdict(ok=True, rows=1)


async def test_pages_of_lines_hold_every_row_once(make_parts: Callable[..., Parts]) -> None:
    parts, text, after = make_parts(store=Kept(*map(row, range(1, 6)))), "", 0
    while True:
        page = await CALLS.call(parts, CONSOLE, ExportAudit(after=after, limit=2))
        text += page.text
        if not (after := page.next):
            break
    lines = [msgspec.json.decode(line, type=AuditRow) for line in text.splitlines()]
    assert lines == [row(number) for number in range(1, 6)]


async def test_only_the_first_page_of_a_table_has_a_head(make_parts: Callable[..., Parts]) -> None:
    parts = make_parts(store=Kept(row(1), row(2)))
    first = await CALLS.call(parts, CONSOLE, ExportAudit(format="csv", limit=1))
    second = await CALLS.call(parts, CONSOLE, ExportAudit(format="csv", limit=1, after=first.next))
    assert (first.text.count("at_ms"), second.text.count("at_ms"), second.rows) == (1, 0, 1)


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ('=HYPERLINK("http://x","y")', '\'=HYPERLINK("http://x","y")'),
        ('a "quoted", one', 'a "quoted", one'),
        ("two\nlines", "two\nlines"),
        ("好", "好"),
    ],
)
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    (found,) = csv.reader(io.StringIO(write_csv([row(1, text)], head=False), newline=""))
    assert found[6] == cell
