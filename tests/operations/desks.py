"""Rules, workers and guard lists in memory, read from a store of lists."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec

from kagami.core.guard import Caught, GuardEntry, Lists
from kagami.core.routing import Router, Rule
from kagami.model.event import Event
from kagami.ports import Found, Hits, MessageRow, PluginRow, RuleList, WorkerRow
from tests.operations.conftest import AuditStore


class Crossing:
    """Implements `ports.Routing` over a store; `hits` are of the first rule."""

    def __init__(self, store: AuditStore) -> None:
        self.store = store
        self.rules = RuleList()
        self.reads = 0

    def hits(self, rule: Rule) -> Hits:
        return Hits(3, 1_764_000_000_000) if rule.to == "weather" else Hits()

    def explain(self, event: Event, rules: Sequence[Rule] | None = None) -> Found:
        decision, judged = Router(self.rules.rules if rules is None else rules).explain(event, lambda to: to != "away")
        return Found(decision, judged, [f"{decision.to}@1"])

    def lives(self, target: str) -> bool:
        return target != "away"

    def workers(self) -> list[WorkerRow]:
        return [WorkerRow("w", "live", "pool", 2.0)]

    async def read(self) -> None:
        self.reads += 1
        text = await self.store.get("@rules", "list")
        self.rules = msgspec.json.decode(text, type=RuleList) if text else RuleList()


class Door:
    """Implements `ports.GuardDesk` over a store."""

    def __init__(self, store: AuditStore) -> None:
        self.store = store
        self.entries: Sequence[GuardEntry] = ()

    def judge(self, event: Event) -> Caught | None:
        return Lists(self.entries).judge(event, 0)

    async def read(self) -> None:
        texts = (await self.store.items("@guard")).values()
        self.entries = [msgspec.json.decode(text, type=GuardEntry) for text in texts]


class Plugins:
    def __init__(self, *rows: PluginRow) -> None:
        self._rows = list(rows)

    def rows(self) -> list[PluginRow]:
        return self._rows


class Talk(AuditStore):
    """A store with a message log."""

    def __init__(self, *rows: MessageRow) -> None:
        super().__init__()
        self._rows = list(rows)

    async def get(self, plugin: str, key: str) -> str | None:
        """It lets others run, as a real one does."""
        kept = await super().get(plugin, key)
        await asyncio.sleep(0)
        return kept

    async def messages(self, *, limit: int, **_: Any) -> list[MessageRow]:
        return self._rows[-limit:]
