"""Passwords as argon2id hashes, made and checked one at a time in a thread: each takes memory and a processor."""

from __future__ import annotations

import asyncio
import secrets
from typing import TYPE_CHECKING, NamedTuple
from unicodedata import normalize

if TYPE_CHECKING:
    from argon2 import PasswordHasher

# Waiting for their turn; whoever guesses in parallel learns nothing sooner.
AT_ONCE = 1
RANDOM_BYTES = 15


class Cost(NamedTuple):
    """RFC 9106 section 4, its second choice, on one lane: 0.2 s on a small server."""

    passes: int = 3
    kibibytes: int = 64 * 1024


class Passwords:
    """Hashes texts at one cost."""

    def __init__(self, cost: Cost = Cost()) -> None:  # noqa: B008 - a value
        self._cost = cost
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._kept: PasswordHasher | None = None

    async def hash(self, password: str) -> str:
        """In the PHC string format."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher().hash, _bytes(password))

    async def check(self, kept: str, password: str) -> bool:
        """Whether `kept` is the hash of `password`; without a hash, the same work and False."""
        if not kept:
            await self.hash(password)
            return False
        async with self._turn:
            return await asyncio.to_thread(self._verify, kept, _bytes(password))

    def _verify(self, kept: str, password: bytes) -> bool:
        from argon2.exceptions import InvalidHashError, VerificationError  # noqa: PLC0415

        try:
            return self._hasher().verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False

    def _hasher(self) -> PasswordHasher:
        if self._kept is None:
            from argon2 import PasswordHasher  # noqa: PLC0415 (most engines check a password once a week)

            self._kept = PasswordHasher(time_cost=self._cost.passes, memory_cost=self._cost.kibibytes, parallelism=1)
        return self._kept


def _bytes(password: str) -> bytes:
    """The same for every keyboard: one that composes `é` and one that does not."""
    return normalize("NFKC", password).encode("utf-8", "surrogatepass")


def random_password() -> str:
    """120 bits, five groups that can be read out."""
    text = secrets.token_hex(RANDOM_BYTES)
    return "-".join(text[place : place + 6] for place in range(0, len(text), 6))
