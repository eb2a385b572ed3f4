"""Which of the configured accounts this process connects: each is some gateway's, and one's only."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Collection, Sequence

from kagami import log
from kagami.clock import Clock
from kagami.cluster.membership import Membership
from kagami.errors import KagamiError

PREFIX = "table:"
BALANCE_S = 1.0
_log = log.get("cluster")

Connect = Callable[[Collection[str]], Awaitable[None]]


class Tables:
    """`run` in a task. `wanted` gives the names of all, `connect` is told which are ours whenever that changes."""

    def __init__(self, member: Membership, clock: Clock, wanted: Callable[[], Sequence[str]], connect: Connect) -> None:
        self._member = member
        self._clock = clock
        self._wanted = wanted
        self._connect = connect
        self._told: frozenset[str] | None = None
        self._resting = False

    @property
    def held(self) -> tuple[str, ...]:
        return tuple(sorted(name.removeprefix(PREFIX) for name in self._member.held(PREFIX)))

    def rest(self, *, resting: bool) -> None:
        """Hold none from the next look on, or a fair share again."""
        self._resting = resting

    async def run(self) -> None:
        """Balance until cancelled."""
        while True:
            try:
                await self.balance()
            except KagamiError as error:
                _log.warning("cannot see to accounts", reason=error)
            await self._clock.sleep(BALANCE_S)

    async def balance(self) -> None:
        """Hold a fair share of them, and connect what is held."""
        wanted = [f"{PREFIX}{name}" for name in self._wanted()]
        share = 0 if self._resting else self._member.share(len(wanted), "all", "gateway")
        held = sorted(self._member.held(PREFIX))
        given = [name for name in held if name not in wanted]
        given += [name for name in held if name in wanted][share:]
        if given:
            # First the connection ends, then the lease: two at once would take an account from each other.
            await self._tell(set(held) - set(given))
            await self._member.release(given)
        if len(held) - len(given) < share:
            busy = {row.name for row in await self._member.leases() if row.left_s > 0}
            free = [name for name in wanted if name not in busy]
            random.shuffle(free)
            await self._member.take(free[: share - (len(held) - len(given))])
        await self._tell(self._member.held(PREFIX))

    async def _tell(self, names: Collection[str]) -> None:
        ours = frozenset(name.removeprefix(PREFIX) for name in names)
        if ours != self._told:
            self._told = None  # what comes of it is not known until it is done: else it is done again
            if ours:
                _log.info("connecting accounts", tables=len(ours))
            await self._connect(ours)
            self._told = ours
