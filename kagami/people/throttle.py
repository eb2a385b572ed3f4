"""The brake on guessing: by account, by address, and for all together.

Each try counts before it is looked at, so that a thousand at once are not a thousand guesses; one that was right is
given back. Five tries are free; then the wait is 1, 2, 4 … 300 seconds. Tries within a wait are refused unseen and make
it no longer. The counts are in the store (`@throttle`), under hashes: what strangers type is kept nowhere.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

import msgspec

from kagami.clock import Clock
from kagami.errors import Throttled
from kagami.people.records import digest, read, text_of
from kagami.ports import Store, StorePut

THROTTLE = "@throttle"
FREE_TRIES = 5
LONGEST_WAIT_S = 300
TRIES_PER_MINUTE = 50
REMEMBERED_MS = 24 * 3_600_000
TIDY_EVERY = 500


class Count(msgspec.Struct, frozen=True):
    """Wrong tries in a row, and when the last was."""

    tries: int = 0
    last_ms: int = 0

    def wait_ms(self, now_ms: int) -> int:
        """Until the next try is looked at; a clock that went back adds nothing to it."""
        if self.tries < FREE_TRIES:
            return 0
        wait = 1_000 * min(LONGEST_WAIT_S, 1 << min(self.tries - FREE_TRIES, 16))
        return max(0, wait - max(0, now_ms - self.last_ms))


class Throttle:
    """Counts tries. `clock` is the machine's: the counts outlive the process."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._all: deque[float] = deque(maxlen=TRIES_PER_MINUTE)
        self._taken = 0

    async def take(self, account: str, address: str) -> Try:
        """Count a try; `Throttled` when it comes too early."""
        async with self._lock:
            now = self._clock.wall_ms()
            found = Try(_key("account", account), _key("address", place_of(address)))
            counts = {key: await self._count(key, now) for key in (found.account, found.address)}
            self._check(max(count.wait_ms(now) / 1000 for count in counts.values()))
            raised = {key: text_of(Count(count.tries + 1, now)) for key, count in counts.items()}
            await self._store.put_many([StorePut(THROTTLE, key, text) for key, text in raised.items()])
            await self._tidy(now)
            return found

    async def forgive(self, right: Try) -> None:
        """It was right. On disk when this ends: a try that is counted meanwhile must not be written over.

        The account is free again. Its tries are taken off the address's, and no more: whoever has an account of their
        own could otherwise go on guessing others' for ever.
        """
        async with self._lock:
            now = self._clock.wall_ms()
            own, shared = await self._count(right.account, now), await self._count(right.address, now)
            left = Count(max(0, shared.tries - own.tries), shared.last_ms)
            writes = {right.account: None, right.address: text_of(left) if left.tries else None}
            await self._store.put_many([StorePut(THROTTLE, key, text) for key, text in writes.items()])

    def _check(self, wait: float) -> None:
        """`Throttled` within a wait, and when all together try too often."""
        moment = self._clock.monotonic()
        if len(self._all) == TRIES_PER_MINUTE:
            wait = max(wait, self._all[0] + 60 - moment)
        if wait > 0:
            raise Throttled(seconds=math.ceil(wait))
        self._all.append(moment)

    async def _count(self, key: str, now: int) -> Count:
        kept = read(await self._store.get(THROTTLE, key), Count) or Count()
        return kept if now - kept.last_ms < REMEMBERED_MS else Count()

    async def _tidy(self, now: int) -> None:
        self._taken += 1
        if self._taken % TIDY_EVERY != 1:
            return
        rows = await self._store.items(THROTTLE)
        last = {key: msgspec.json.decode(text, type=Count).last_ms for key, text in rows.items()}
        old = [key for key, at_ms in last.items() if now - at_ms >= REMEMBERED_MS]
        await self._store.put_many([StorePut(THROTTLE, key, None) for key in old])


class Try(NamedTuple):
    """One that was counted, under these keys."""

    account: str
    address: str


def _key(kind: str, text: str) -> str:
    return f"{kind}/{digest(text)[:32]}"


def place_of(address: str) -> str:
    """What one visitor cannot change at will: an IPv4 address, the first 64 bits of an IPv6 address."""
    try:
        found: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False))
    return str(found)
