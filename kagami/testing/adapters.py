"""What an adapter stands on in tests: its kit, an intake whose disk can be held up, time that passes faster."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from kagami.adapters.kit import Kit
from kagami.clock import Clock
from kagami.errors import NotFound
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.model.ids import BotId
from kagami.net.supervise import Nursery
from kagami.testing.gateway import WritingIntake

SPEED = 20.0


class QuickClock:
    """Implements `kagami.clock.Clock`: `SPEED` times as fast as the machine's."""

    def __init__(self, speed: float = SPEED) -> None:
        self._speed = speed
        self._began, self._began_ms = time.monotonic(), time.time_ns() // 1_000_000

    def wall_ms(self) -> int:
        return self._began_ms + int(1000 * (self.monotonic() - self._began))

    def monotonic(self) -> float:
        return self._began + self._speed * (time.monotonic() - self._began)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._speed)


class KeptMedia:
    """Implements `ports.Media` in memory. Addresses are given their content in `there`."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.there: dict[str, bytes] = {}

    def accept(self, content: bytes) -> str:
        reference = f"media:{hashlib.sha256(content).hexdigest()}.bin"
        self.files[reference] = content
        return reference

    async def keep(self, content: bytes, name: str = "") -> str:  # noqa: ARG002 - the name decides an ending only
        return self.accept(content)

    async def read(self, reference: str) -> bytes:
        if reference not in self.files:
            raise NotFound(what="media", name=reference)
        return self.files[reference]

    async def fetch(self, source: str) -> str:
        if source in self.files:
            return source
        if source not in self.there:
            raise NotFound(what="media", name=source)
        return self.accept(self.there[source])

    def path(self, reference: str) -> Path:
        raise NotFound(what="media", name=reference)


class Notes:
    """Implements `ports.Memory` and `ports.Vault` in memory. They outlive a kit, as a restart does."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.secrets: dict[str, bytes] = {}
        self.written = 0


class NotedMemory:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def read(self, bot: BotId, key: str) -> str:
        return self._notes.values.get((bot, key), "")

    async def items(self, bot: BotId, prefix: str = "") -> dict[str, str]:
        return {
            key: value for (owner, key), value in self._notes.values.items() if owner == bot and key.startswith(prefix)
        }

    async def write(self, bot: BotId, values: Mapping[str, str]) -> None:
        self._notes.written += 1
        for key, value in values.items():
            if value:
                self._notes.values[bot, key] = value
            else:
                self._notes.values.pop((bot, key), None)


class NotedVault:
    def __init__(self, notes: Notes) -> None:
        self._notes = notes

    async def read(self, name: str) -> bytes:
        return self._notes.secrets.get(name, b"")

    async def write(self, name: str, content: bytes) -> None:
        self._notes.secrets[name] = content

    async def delete(self, name: str) -> None:
        self._notes.secrets.pop(name, None)


class HoldingIntake(WritingIntake):
    """An intake that knows what it had, and whose disk can be held up: `hold()` until `release()`.

    `events` are the new ones only; `again` counts those that were known.
    """

    def __init__(self) -> None:
        super().__init__()
        self.again = 0
        self._known: set[tuple[str, str]] = set()
        self._waiting: list[asyncio.Future[bool]] | None = None

    def hold(self) -> None:
        self._waiting = []

    def release(self) -> None:
        waiting, self._waiting = self._waiting or [], None
        for each in waiting:
            if not each.done():
                each.set_result(True)

    def accept(self, event: Event, read_at: float, *, once: bool = False) -> Awaitable[bool]:
        stored: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        if (event.bot, event.dedupe) in self._known:
            self.again += 1
            stored.set_result(False)
            return stored
        self._known.add((event.bot, event.dedupe))
        if self._waiting is None:
            return super().accept(event, read_at, once=once)
        super().accept(event, read_at, once=once)
        self._waiting.append(stored)
        return stored


@asynccontextmanager
async def open_kit(
    *, clock: Clock | None = None, media: KeptMedia | None = None, notes: Notes | None = None
) -> AsyncIterator[Kit]:
    """A kit whose pauses between connections are none and whose time is quick, unless a clock is given."""
    clock, notes = clock or QuickClock(), notes or Notes()
    async with Nursery(clock) as nursery:
        yield Kit(
            clock=clock,
            nursery=nursery,
            meters=Meters(),
            media=media or KeptMedia(),
            memory=NotedMemory(notes),
            vault=NotedVault(notes),
            private=("127.0.0.1",),
            randomness=lambda: 0.0,
        )
