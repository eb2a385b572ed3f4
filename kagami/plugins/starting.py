"""Plugins that are processes of their own start beside everything else: one that never gets ready holds up nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine
from contextlib import suppress
from typing import Any, Protocol

from kagami.errors import NotFound, Parked
from kagami.plugins.active import Active
from kagami.plugins.decisions import Decisions
from kagami.plugins.line import Line
from kagami.plugins.versions import Found

# The house waits so long for all of them together before it serves; hardly any needs more.
SOON_S = 2.0
# How long an event waits before it looks again, unless it is told to before.
AGAIN_S = 5.0
# Of many, so many at a time: else each of them would be late.
AT_ONCE = 8

Make = Callable[[Line, Found], Awaitable[Active | None]]
Wanted = Callable[[Line, Active], Awaitable[Collection[str]]]
Own = Callable[[str, Coroutine[Any, Any, None]], "asyncio.Task[None]"]


class Settle(Protocol):
    """Lets a line serve; `fresh` with what is loaded now."""

    async def __call__(self, line: Line, *, fresh: bool) -> object: ...


class Starting:
    """`make` starts a version, `wanted` tells which run beside the stable one; who holds `changing` may settle."""

    def __init__(
        self, decided: Decisions, *, make: Make, wanted: Wanted, settle: Settle, changing: asyncio.Lock
    ) -> None:
        self._decided = decided
        self._make = make
        self._wanted = wanted
        self._settle = settle
        self._changing = changing
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._few = asyncio.Semaphore(AT_ONCE)

    @property
    def first(self) -> str:
        """One of the plugins that are being started; empty when there is none. Asked of every event."""
        return next(iter(self._tasks), "") if self._tasks else ""

    def is_slow(self, line: Line) -> bool:
        """Whether a line has processes to start."""
        off = self._decided.switches.is_off(line.id, "", "")
        return not off and any(found.manifest.runtime == "process" for found in line.found)

    async def run(self, left: dict[str, Line]) -> None:
        """Let lines serve, in such an order and with such marks that one which ends the process is found."""
        quarantine, choices = self._decided.quarantine, self._decided.choices
        firsts = [each for line in left.values() for each in line.first(choices.of(line.id).version)]
        for batch in quarantine.batches(firsts):
            await quarantine.starting(batch)
            for plugin, _ in batch:
                await self._settle(left.pop(plugin), fresh=True)
            await quarantine.started(batch)
        for line in left.values():
            await self._settle(line, fresh=True)

    def begin(self, line: Line, own: Own, changed: Callable[[str], None]) -> None:
        """Start the line's processes in a task that `own` makes, and then let it serve and tell so."""
        line.starting = next(line.candidates(self._decided.choices.of(line.id).version)).manifest.version
        self._tasks[line.id] = own(f"start {line.id}", self._begin(line, changed))

    def check(self, plugin: str) -> None:
        """`Parked` while this plugin is being started; every event may be for it."""
        if plugin in self._tasks:
            raise Parked(plugin=plugin, reason="its process is starting", seconds=AGAIN_S)

    async def ended(self, limit: float | None = None) -> None:
        """Until all have started or failed, at most so many seconds."""
        if self._tasks:
            await asyncio.wait(set(self._tasks.values()), timeout=limit)

    async def leave(self, *plugins: str) -> None:
        """Give up the start of these: somebody else decides now what they serve with."""
        tasks = {task for plugin in plugins if (task := self._tasks.pop(plugin, None)) is not None}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        await self.leave(*self._tasks)

    async def _begin(self, line: Line, changed: Callable[[str], None]) -> None:
        try:
            async with self._few:
                await self._prepare(line)
            async with self._changing:
                self._tasks.pop(line.id, None)
                line.starting = ""
                await self.run({line.id: line})
        finally:
            self._tasks.pop(line.id, None)
            line.starting = ""
            left, line.begun = line.begun, {}
            for active in left.values():
                if active is not None:
                    await active.close(0.0)
        changed(line.id)

    async def _prepare(self, line: Line) -> None:
        """Start what the line will serve with, as far as that is processes."""
        stable: Active | None = None
        for found in line.candidates(self._decided.choices.of(line.id).version):
            if found.manifest.runtime != "process" or (stable := await self._made(line, found)) is not None:
                break
        beside = await self._wanted(line, stable) if stable else self._decided.wanted(line.id)
        for version in sorted(set(beside) - line.begun.keys()):
            with suppress(NotFound):
                found = line.on_disk(version)
                if found.manifest.runtime == "process":
                    await self._made(line, found)

    async def _made(self, line: Line, found: Found) -> Active | None:
        version = line.starting = found.manifest.version
        made = line.begun[version] = await self._make(line, found)
        return made
