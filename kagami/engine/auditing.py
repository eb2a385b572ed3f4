"""What an earlier run had begun and did not come to the end of: the audit says so."""

from __future__ import annotations

from collections import defaultdict

from kagami.clock import Clock
from kagami.model.principal import Principal
from kagami.ports import AuditRow, Store

BEGUN, INTERRUPTED = "begun", "interrupted"
# Of the newest rows: what was going on when a run was killed stands among them.
LOOKED_THROUGH = 1_000


async def close_begun(store: Store, clock: Clock) -> int:
    """Give each act that was interrupted a row of its end; how many. Nothing may be going on yet."""
    open_acts: defaultdict[tuple[str, ...], list[AuditRow]] = defaultdict(list)
    for row in reversed(await store.audits(limit=LOOKED_THROUGH)):
        act = open_acts[row.kind, row.name, row.address, row.operation, row.target]
        if row.result == BEGUN:
            act.append(row)
        elif act and row.result != "denied":  # that was another try, which never began
            act.pop()
    left = sorted((row for rows in open_acts.values() for row in rows), key=lambda row: row.seq)
    for row in left:
        who = Principal(row.kind, row.name, address=row.address)
        await store.audit(clock.wall_ms(), who, row.operation, row.target, INTERRUPTED)
    return len(left)
