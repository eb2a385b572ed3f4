"""Accepted events: what recovery, replay and the duplicate window read."""

from __future__ import annotations

import msgspec

from kagami.model.action import Receipt
from kagami.model.ids import BotId, ExecutionId
from kagami.ports import Open
from kagami.storage.engine import Engine, Questions
from kagami.storage.rows import read_open, read_receipt

GAVE_UP = "the process ended before the answer came"
ALL = (1 << 63) - 1


async def recover(engine: Engine, now_ms: int) -> list[Open]:
    """Open events in order of acceptance; sends left in `sending` become `unknown`."""
    await engine.write("recover", {"reason": GAVE_UP, "now_ms": now_ms}, durable=True)
    return (await _pending(engine, "open", ALL))[::-1]


async def dead(engine: Engine, limit: int) -> list[Open]:
    """Newest first."""
    return await _pending(engine, "dead", limit)


async def revive(engine: Engine, execution: ExecutionId) -> Open | None:
    if not await engine.write("revive", {"execution": execution}, durable=True):
        return None
    rows = await engine.ask("pending_event", {"execution": execution, "state": "open"})
    found = await with_sends(engine, [read_open(row) for row in rows])
    return found[0] if found else None


async def drop(engine: Engine, execution: ExecutionId) -> bool:
    """Whether there was such a dead event."""
    return bool(await engine.write("drop_dead", {"execution": execution}, durable=True))


async def recent_keys(engine: Engine, limit: int) -> list[tuple[BotId, str]]:
    """The newest dedupe keys, oldest first."""
    return [(BotId(bot), key) for bot, key in await engine.fetch("recent_keys", {"most": limit})]


async def _pending(engine: Engine, state: str, limit: int) -> list[Open]:
    rows = await engine.fetch("pending_events", {"state": state, "most": limit})
    return await with_sends(engine, [read_open(row) for row in rows])


async def with_sends(engine: Engine | Questions, found: list[Open]) -> list[Open]:
    """The same with the receipts of their sends, as far as they are known."""
    if not found:
        return []
    sends: dict[str, dict[int, Receipt]] = {}
    rows = await engine.fetch("receipts", {"executions": [each.event.execution for each in found]})
    for execution, ordinal, *receipt in rows:
        sends.setdefault(execution, {})[ordinal] = read_receipt(receipt)
    return [msgspec.structs.replace(each, sends=sends.get(each.event.execution, {})) for each in found]
