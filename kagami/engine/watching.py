"""What people should be told of the processes that share one database."""

from __future__ import annotations

import socket
from collections.abc import Iterable

from kagami.core.alerts import Reading
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.ports import NodeRow

# What waits elsewhere is heard of with a lease's delay: once is not enough.
PATIENCE_S = 10.0
GONE = mark("The process {process} is gone: nothing has been heard of it for longer than {seconds} s")
SLOW = mark("Messages wait too long at the process {process}: the oldest for {seconds} s")
APART = mark("The clock of the process {process} is {seconds} s from the database's: what it says of times is wrong")
UNWRITTEN = mark("it cannot be written")


def unwritten(meters: Meters) -> str:
    """Why the database is of no use, as far as whoever writes has noticed; empty when it is."""
    return "" if meters.gauge.get("ledger_healthy", 1.0) else UNWRITTEN


def reached_at(host: str, port: int) -> str:
    """Where others find what listens there: by the machine's name where it is every address."""
    shown = socket.gethostname() if host in {"0.0.0.0", "::"} else host  # noqa: S104 - not bound
    return f"[{shown}]:{port}" if ":" in shown else f"{shown}:{port}"


def readings(rows: Iterable[NodeRow], own: str, patience_s: float, queue_s: float) -> dict[str, Reading]:
    """Others that are silent for so long, and those whose oldest event waits for longer than `queue_s`.

    Of each, this one too: that its clock is not the database's.
    """
    found: dict[str, Reading] = {}
    for row in rows:
        if row.state.clock_s and row.seen_s <= patience_s:
            fields = {"process": row.node, "seconds": f"{row.state.clock_s:+.0f}"}
            found[f"clock {row.node}"] = Reading("clock_apart", 0.0, APART, fields, "warning")
        if row.node == own:
            continue
        if row.seen_s > patience_s:
            fields = {"process": row.node, "seconds": f"{patience_s:.0f}"}
            found[f"process {row.node}"] = Reading("process_gone", 0.0, GONE, fields)
        elif row.state.oldest_s > queue_s:
            fields = {"process": row.node, "seconds": f"{row.state.oldest_s:.0f}"}
            found[f"queue {row.node}"] = Reading("queue_age", PATIENCE_S, SLOW, fields, "warning")
    return found
