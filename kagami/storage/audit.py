"""The audit: rows in a chain, anchors that are signed now and then, and the verification of both."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from kagami import log
from kagami.clock import Clock
from kagami.core.chain import CUT, FIELDS, Verdict, Walk, link
from kagami.errors import RowRefused, StoreClosed
from kagami.i18n import mark
from kagami.model.principal import SYSTEM, Principal
from kagami.ports import AuditRow, StorePut
from kagami.storage.anchors import Anchors, Signed
from kagami.storage.engine import Engine, Params, Row, storable
from kagami.storage.links import chain_all

ANCHOR_ROWS = 1_000
ANCHOR_S = 600.0
PORTION = 500
MOST_LISTED = 1_000
BEYOND = 1 << 62
UNREADABLE = mark("this row cannot be read")

_log = log.get("audit")


@dataclass(frozen=True, slots=True)
class Seals:
    """What the audit is sealed with: the key of its chain, and where its anchors are and what they are signed with."""

    key: bytes = b""
    anchors: Anchors | None = None

    def adopt(self, connection: sqlite3.Connection) -> None:
        """Take an older schema's rows into the chain. Where there are anchors, the chain had begun before."""
        if self.anchors is None or not self.anchors.path.exists():
            chain_all(connection, self.key)


class Audit:
    """Made by the store. Rows are written one by one: each is on disk when its `add` ends."""

    def __init__(self, engine: Engine, clock: Clock, seals: Seals) -> None:
        self._engine = engine
        self._clock = clock
        self._key = seals.key
        self._anchors = seals.anchors
        self._anchoring = asyncio.Lock()
        self._anchored = 0
        self._news = 0

    async def open(self, *, adopted: bool = False) -> None:
        """`adopted`: the rows that are there have just been taken from an older schema."""
        if self._anchors is None:
            return
        if self._anchors.path.exists():
            newest = self._anchors.newest()
            self._anchored = newest.seq if newest else 0
            return
        if not adopted and await self._engine.ask("audit_head"):
            _log.error("the anchors of the audit are missing", path=self._anchors.path)
            await self.add(self._clock.wall_ms(), SYSTEM, "audit.anchors", str(self._anchors.path), "missing")
        self._anchors.begin()

    async def run(self) -> None:
        """Until cancelled: an anchor every ten minutes with news."""
        await self._compare()
        while True:
            await self._clock.sleep(ANCHOR_S)
            await self.anchor()

    async def add(
        self,
        at_ms: int,
        principal: Principal,
        operation: str,
        target: str,
        result: str,
        writes: Sequence[StorePut] = (),
    ) -> None:
        """One row, in one transaction with `writes`; on disk when it ends."""
        written = [(each.plugin, each.key, each.value) for each in writes]
        who = (principal.kind, principal.name, principal.address)
        await self._append("audit", at_ms, who, (operation, target, result), {"written": written})
        self._news += 1
        if self._news >= ANCHOR_ROWS:
            await self.anchor()

    async def newest(
        self, *, who: str, operation: str, result: str, text: str, since_ms: int, until_ms: int, before: int, limit: int
    ) -> list[AuditRow]:
        params: Params = {
            "who": who,
            "operation": operation,
            "result": result,
            "text": text.lower(),
            "since_ms": since_ms,
            "until_ms": until_ms or BEYOND,
            "before": before or BEYOND,
            "most": max(0, min(limit, MOST_LISTED)),
        }
        return [AuditRow(*row) for row in await self._engine.fetch("audit_newest", params)]

    async def page(self, after: int, limit: int) -> list[AuditRow]:
        """The oldest rows behind the number `after`."""
        params: Params = {"after": after, "most": max(0, min(limit, MOST_LISTED))}
        return [AuditRow(*row[:-1]) for row in await self._engine.fetch("audit_after", params)]

    async def verify(self) -> Verdict:
        """Follow the whole chain and compare it with its anchors."""
        async with self._anchoring:  # nothing is cut meanwhile
            signed = await asyncio.to_thread(self._anchors.read) if self._anchors else Signed()
            walk = Walk(self._key, signed.hashes)
            await self._follow(walk)
        found = walk.finish()
        if signed.broken and found.ok and (found.rows or signed.hashes):
            return msgspec.structs.replace(found, ok=False, anchor=signed.broken, why=signed.why)
        return found

    async def anchor(self) -> None:
        """Sign the newest row, unless it is signed already."""
        if self._anchors is None:
            return
        async with self._anchoring:
            try:
                seq, hashed = head(await self._engine.ask("audit_head"))
            except StoreClosed as error:
                _log.info("the audit is not signed now", reason=error)
                return
            if seq <= self._anchored:
                return
            try:
                await asyncio.to_thread(self._anchors.append, seq, hashed, self._clock.wall_ms())
            except OSError as error:
                _log.error("the audit's anchor cannot be written", reason=error.strerror or str(error))
                return
            self._anchored, self._news = seq, 0

    async def cut(self, limit_ms: int, now_ms: int) -> int:
        """Remove rows older than that, as far as the last anchor before it; how many."""
        if self._anchors is None:
            return 0
        async with self._anchoring:
            rows = await self._engine.ask("audit_before_ms", {"limit_ms": limit_ms})
            if not rows:
                return 0
            signed = await asyncio.to_thread(self._anchors.read)
            last = max((seq for seq in signed.hashes if seq <= rows[0][0]), default=0)
            if not last or not await self._engine.ask("audit_row", {"seq": last}):
                return 0
            target = msgspec.json.encode({"seq": last}).decode()
            who = (SYSTEM.kind, SYSTEM.name, "")
            return await self._append("cut_audit", now_ms, who, (CUT, target, "ok"), {"cut": last}) - 2

    async def _append(self, bundle: str, at_ms: int, who: Row, told: Row, more: dict[str, Any]) -> int:
        fields = storable([min(at_ms, BEYOND), *who, *told])

        def prepare(rows: list[list[Any]]) -> Params:
            seq, before = head(rows)
            row = (seq + 1, *fields)
            return dict(zip(FIELDS, row, strict=True)) | more | {"hash": link(self._key, before, row)}

        return await self._engine.write_after("audit_head", bundle, prepare)

    async def _follow(self, walk: Walk) -> None:
        after, portion = -BEYOND, PORTION
        while True:
            try:
                rows = await self._engine.fetch("audit_after", {"after": after, "most": portion})
            except (RowRefused, msgspec.MsgspecError, UnicodeDecodeError):
                if portion == 1:
                    walk.spoil(walk.last + 1, UNREADABLE)
                    return
                portion = 1  # look for it row by row
                continue
            if not rows or not walk.take(rows):
                return
            after = rows[-1][0]

    async def _compare(self) -> None:
        """Say at once when the newest anchor knows another row than the database."""
        newest = self._anchors.newest() if self._anchors else None
        if newest is None or not newest.seq:
            return
        rows = await self._engine.fetch("audit_row", {"seq": newest.seq})
        if head(rows)[1] != newest.hash:
            _log.error("the audit does not fit its anchors: see `kagami audit verify`", row=newest.seq)


def head(rows: Sequence[Row]) -> tuple[int, str]:
    """The number and hash of the newest row; (0, "") of none."""
    return (rows[0][0], rows[0][1]) if rows else (0, "")
