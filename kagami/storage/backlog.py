"""What waits for one of several processes: open events by partition, sends by account."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from kagami.clock import Clock
from kagami.model.action import Receipt
from kagami.model.ids import BotId, ChatId, ExecutionId
from kagami.ports import LONGEST_ASKED_S, Due, Fence, Open, SendRow
from kagami.storage.engine import Params, Questions
from kagami.storage.events import with_sends
from kagami.storage.rows import read_action, read_open, read_receipt

LATE_MS = int(LONGEST_ASKED_S * 1000)


class SqlBacklog:
    """Implements `ports.Backlog`."""

    def __init__(self, between: Questions, clock: Clock) -> None:
        self._between = between
        self._clock = clock

    async def open_events(self, parts: Collection[int], held: Collection[int], most: int) -> list[Due]:
        rows = await self._between.fetch("open_events", {"parts": list(parts), "held": list(held), "most": most})
        found = [Due(row[18], row[19], _open(row)) for row in rows]
        # Nearly always nobody has begun any.
        again = [due.found for due, row in zip(found, rows, strict=True) if row[20] is not None]
        begun = {each.event.execution: each for each in await with_sends(self._between, again)}
        return [due._replace(found=begun.get(due.found.event.execution, due.found)) for due in found]

    async def take_sends(
        self, bots: Mapping[Fence, int], busy: Collection[str], most: int
    ) -> list[tuple[SendRow, str]]:
        leases = [(*fence, min(room, most)) for fence, room in bots.items()]
        params: Params = {"bots": leases, "busy": list(busy), "most": most, "late_ms": LATE_MS}
        rows = await self._between.ask("take_sends", params)
        return [
            (
                SendRow(
                    ExecutionId(execution),
                    ordinal,
                    BotId(bot),
                    ChatId(chat),
                    text,
                    read_action((kind, bot, chat, text, body)),
                    created_ms,
                    attempt,
                    worker,
                ),
                node,
            )
            for _, execution, ordinal, kind, bot, chat, text, body, created_ms, attempt, worker, node in sorted(
                rows, key=lambda row: int(row[0])
            )
        ]

    async def outcomes(self, executions: Collection[ExecutionId]) -> list[tuple[ExecutionId, int, Receipt]]:
        rows = await self._between.fetch("receipts", {"executions": list(executions)})
        return [(ExecutionId(execution), ordinal, read_receipt(receipt)) for execution, ordinal, *receipt in rows]

    async def reclaim(self, bots: Sequence[Fence], busy: Collection[str]) -> None:
        await self._between.ask("reclaim_sends", {"bots": [tuple(each) for each in bots], "busy": list(busy)})

    async def give_back(self, lease: Fence, sends: Sequence[tuple[ExecutionId, int]]) -> None:
        if sends:
            params: Params = {"sends": [tuple(each) for each in sends], "lease": lease.name, "epoch": lease.epoch}
            await self._between.ask("give_back_sends", params)

    async def abandon(self, execution: ExecutionId, ordinal: int, reason: str) -> bool:
        now = self._clock.wall_ms()
        return bool(
            await self._between.ask(
                "abandon_send", {"execution": execution, "ordinal": ordinal, "reason": reason, "now_ms": now}
            )
        )

    async def move(self, execution: ExecutionId, part: int, lease: Fence) -> bool:
        params: Params = {"execution": execution, "part": part, "lease": lease.name, "epoch": lease.epoch}
        return bool(await self._between.ask("move_event", params))

    async def expire(self, reason: str) -> int:
        return len(await self._between.ask("expire_sends", {"reason": reason, "late_ms": LATE_MS}))

    async def give_up(self, bot: BotId, reason: str) -> int:
        now = self._clock.wall_ms()
        return len(await self._between.ask("give_up_bot", {"bot": bot, "reason": reason, "now_ms": now}))


def _open(row: Sequence[Any]) -> Open:
    found = read_open(row)
    # What was never tried and is due again was led on.
    return replace(found, led=True) if row[21] else found
