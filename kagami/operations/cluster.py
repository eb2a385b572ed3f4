"""The processes that share one database."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kagami.errors import NotFound, Refused
from kagami.i18n import mark
from kagami.operations.registry import Request, operation
from kagami.ports import DRAINED, NodeRow, Parts


class ListNodes(Request, frozen=True):
    pass


class Drain(Request, frozen=True):
    """`on` = false lets it serve again."""

    node: str
    on: bool = True


# How a state is called wherever people read it.
STATE_WORDS = {"serving": mark("serves"), "leaving": mark("hands over"), "gone": mark("gone")}


class ProcessRow(msgspec.Struct, frozen=True):
    """One process: how many partitions it serves and accounts are online at it, how long its oldest event waits.

    `trouble` is why it cannot use the database, `redis` why it cannot use the Redis, None where none
    is set; `address` is of its web console. Its clock is `clock_s` ahead of the database's, 0.0 where that is nothing
    to tell.
    """

    node: str
    role: str
    state: str
    partitions: int
    accounts: int
    waiting: int
    lag_s: float
    seen_s: float
    memory_mb: float
    version: str
    duty: bool
    trouble: str = ""
    redis: str | None = ""
    address: str = ""
    clock_s: float = 0.0


@operation("cluster.list", "cluster:read")
async def list_nodes(parts: Parts, request: ListNodes) -> list[ProcessRow]:  # noqa: ARG001
    """List the processes that share the work, what each has and how it is."""
    return [_row(each, parts.cluster.patience_s) for each in parts.cluster.rows()]


@operation("cluster.drain", "cluster:write", asks=True, staged=True)
async def drain(parts: Parts, request: Drain) -> list[ProcessRow]:
    """Let a process hand over all that it serves and take nothing more, or serve again."""
    rows = [_row(each, parts.cluster.patience_s) for each in parts.cluster.rows()]
    if request.node not in [each.node for each in rows]:
        raise NotFound(what="process", name=request.node)
    if request.on and not replaceable(rows, request.node):
        raise Refused(reason=mark("No other process could take over what it serves."))
    parts.facts.put(DRAINED, request.node, "true" if request.on else None)
    parts.facts.then(parts.cluster.read)
    return [_decided(each, request) for each in rows]


def replaceable(rows: Sequence[ProcessRow], node: str) -> bool:
    """Whether all that it does is done by another, too: the accounts, and the events."""
    role = next(each.role for each in rows if each.node == node)
    others = {each.role for each in rows if each.node != node and each.state == "serving"}
    return all("all" in others or each in others for each in (("gateway", "worker") if role == "all" else (role,)))


def _decided(row: ProcessRow, request: Drain) -> ProcessRow:
    """What was decided: the process itself tells of it with its next beat."""
    if row.node != request.node or row.state == "gone":
        return row
    return msgspec.structs.replace(row, state="leaving" if request.on else "serving")


def _row(node: NodeRow, patience_s: float) -> ProcessRow:
    state = node.state
    how = "gone" if node.seen_s > patience_s else "leaving" if state.leaving else "serving"
    return ProcessRow(
        node.node,
        node.role,
        how,
        len(state.parts),
        sum(bot.health.state in ("online", "silent") for bot in state.bots),
        state.waiting,
        round(state.oldest_s, 1),
        round(node.seen_s, 1),
        state.memory_mb,
        state.version,
        state.duty,
        state.trouble,
        state.redis,
        state.address,
        state.clock_s,
    )


OPERATIONS = (list_nodes, drain)
