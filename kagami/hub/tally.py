"""Limits of floods that hold over several processes, without asking anybody before a message goes through.

Each process decides by its own buckets. What it let through it tells now and then, in shares of a tenth of a full
bucket, and learns with that what others let through: then its own bucket is as low as theirs together. So a flood over
`n` processes passes at most `n` tenths more than it should, and what comes within a quarter of a second; who floods
nobody costs nothing.
"""

from __future__ import annotations

import asyncio

from kagami.clock import Clock
from kagami.core import limits
from kagami.ports import Buckets

PERIOD_S = 0.25
SHARES = 10
# Of so many keys; then those are forgotten whose buckets are full again.
MANY = 10_000


class Tally:
    """Of one kind of buckets: `own` are this process', `name` begins their keys in `shared`, `burst` is a full one."""

    def __init__(self, own: limits.Buckets, shared: Buckets, name: str, burst: float, clock: Clock) -> None:
        self._own = own
        self._shared = shared
        self._name = name
        self._share = max(1.0, burst / SHARES)
        self._clock = clock
        self._untold: dict[str, int] = {}
        self._due: set[str] = set()
        self._there = asyncio.Event()

    def count(self, key: str) -> None:
        """One more was let through."""
        spent = self._untold[key] = self._untold.get(key, 0) + 1
        if spent >= self._share:
            self._due.add(key)
            self._there.set()
        if len(self._untold) > MANY:
            now = self._clock.monotonic()
            self._untold = {each: spent for each, spent in self._untold.items() if not self._own.is_full(each, now)}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._there.wait()
            await self._clock.sleep(PERIOD_S)
            await self.tell()

    async def tell(self) -> None:
        """Tell what is due, and learn what others told."""
        due, self._due = self._due, set()
        self._there.clear()
        spent = {f"{self._name}:{key}": self._untold.pop(key, 0) for key in due}
        levels = await self._shared.charge(spent, self._own.rate)
        now = self._clock.monotonic()
        for key in due:
            self._own.lower(key, now, levels.get(f"{self._name}:{key}", 0.0))
