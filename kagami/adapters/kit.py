"""What every adapter works with."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass

from kagami.clock import Clock
from kagami.core.backoff import Randomness
from kagami.core.turnstile import Turnstile
from kagami.meters import Meters
from kagami.model.ids import RANDOM_BITS, ExecutionId, execution_id
from kagami.net.supervise import Nursery
from kagami.ports import Media, Memory, Vault

# Ids have to differ, not to be secret: one seed from the system, then ten times faster than asking it each time.
_bits = random.Random(random.SystemRandom().getrandbits(256))  # noqa: S311


def _no_gateway(_platform: str, _account: str) -> tuple[str, str]:
    return "", ""


@dataclass(frozen=True, slots=True)
class Kit:
    """`private` are hosts and networks of the operator's own that media may be fetched from. `gateway` tells where
    an implementation connects to, and the token with which it may bring an account of a platform; empty where there is
    no gateway.
    """

    clock: Clock
    nursery: Nursery
    meters: Meters
    media: Media
    memory: Memory
    vault: Vault
    private: Collection[str] = ()
    randomness: Randomness = random.random
    turnstile: Turnstile | None = None
    gateway: Callable[[str, str], tuple[str, str]] = _no_gateway

    async def turn(self) -> None:
        """Ends when it is this account's turn to connect: many that were cut at once do not come back at once."""
        if self.turnstile is not None:
            await self.clock.sleep(self.turnstile.wait(self.clock.monotonic()))

    def execution(self, now_ms: int) -> ExecutionId:
        """A fresh id for an event."""
        return execution_id(now_ms, _bits.getrandbits(RANDOM_BITS))
