"""An engine whose writes end when a test says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kagami.ports import Fence
from kagami.storage.engine import Params

ROWS = ("events", "begun", "ended", "traces", "kept", "closed", "written")


@dataclass
class Write:
    params: Mapping[str, Any]
    durable: bool
    future: asyncio.Future[int]

    def done(self) -> None:
        """Every row changed something."""
        opened = len(self.params.get("opened", ()))
        dropped = sum(row[2] is None for row in self.params.get("written", ()))
        self.future.set_result(self.rows + opened + dropped or 1)

    @property
    def rows(self) -> int:
        return sum(len(self.params.get(name, ())) for name in ROWS)

    def texts(self) -> list[str]:
        """Of its events."""
        return [row[10] for row in self.params.get("events", ())]


class HeldEngine:
    """The part of `engine.Engine` that a ledger uses."""

    def __init__(self) -> None:
        self.writes: list[Write] = []
        self.stale: list[list[Any]] = []
        self._changed = asyncio.Event()

    def write(
        self, bundle: str, params: Params, *, durable: bool = False, fence: Sequence[Fence] = ()
    ) -> asyncio.Future[int]:
        assert bundle == "batch"
        write = Write(params, durable, asyncio.get_running_loop().create_future())
        self.writes.append(write)
        self._changed.set()
        return write.future

    def write_after(self, query: str, bundle: str, prepare: Callable[[list[list[Any]]], Params]) -> asyncio.Future[int]:
        raise AssertionError(bundle)

    def ask(self, query: str, params: Params | None = None) -> asyncio.Future[list[list[Any]]]:
        future: asyncio.Future[list[list[Any]]] = asyncio.get_running_loop().create_future()
        future.set_result(self.stale)
        return future

    async def nth(self, number: int) -> Write:
        """The write of this number, counted from 1, as soon as it was given."""
        async with asyncio.timeout(5):
            while len(self.writes) < number:
                self._changed.clear()
                await self._changed.wait()
        return self.writes[number - 1]

    async def fetch(self, query: str, params: Params | None = None) -> list[list[Any]]:
        return self.stale

    async def compact(self, pages: int) -> int:
        return 0

    async def tidy(self) -> None:
        return

    async def used(self) -> int:
        return 0

    async def size(self) -> int:
        return 0

    async def close(self) -> None:
        return
