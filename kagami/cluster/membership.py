"""One process among others: its row, and the leases that it holds. Everything is renewed in one go.

Time is compared by the database alone. By its own clock a process only knows when it was sure for the last time: what
it would begin later than that it does not begin.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence

from kagami import log
from kagami.clock import Clock
from kagami.core.partition import fair_share, own_part
from kagami.errors import KagamiError
from kagami.ports import Fence, LeaseRow, Leases, NodeRow, Nodes, NodeState, Role

# Of the time for which a lease is taken: when it is renewed, and how long it may be used after that began.
RENEWED, TRUSTED = 1 / 3, 2 / 3
# Between two tries while the database is away.
RETRY_S = 1.0
# Others forget it after four times that, and its slot may become one's of them: it numbers nothing by it any more.
NUMBERED = 3.0
# Seconds by which its clock may differ from the database's before people are told.
APART_S = 5.0
_log = log.get("cluster")


class Membership:
    """`joined` before anything else. `state` is what the others hear; `lost` is told the names of leases that are gone.

    `seconds`: after so long without a sign this process is dead to the others.
    """

    def __init__(
        self,
        leases: Leases,
        nodes: Nodes,
        clock: Clock,
        *,
        node: str,
        role: Role,
        seconds: float,
        state: Callable[[], NodeState] = NodeState,
    ) -> None:
        self._leases = leases
        self._nodes = nodes
        self._clock = clock
        self._sure_at = 0.0
        self._gone = False
        self._renewing = asyncio.Lock()
        self._held: dict[str, Fence] = {}
        self.node = node
        self.role = role
        self.seconds = seconds
        self.slot = 0
        self.state = state
        self.rows: list[NodeRow] = []
        self._holders: tuple[list[NodeRow], dict[int, str]] = self.rows, {}
        self.trouble = ""
        self._ahead_ms = 0
        self._told_apart = False
        self.lost: list[Callable[[Sequence[str]], None]] = []

    async def join(self, former: int = -1, *, heir: bool = False) -> None:
        """With the slot that was its own before, where that is free.

        `heir`: whoever had this name before is certainly dead, and what it held need not end by itself.
        """
        began = self._clock.monotonic()
        self.slot = await self._nodes.join(self.node, self.role, self.seconds, former)
        self._sure_at = began
        if heir:
            left = [each for each in await self._leases.rows() if each.owner == self.node and each.left_s > 0]
            await self._leases.release([Fence(each.name, each.epoch) for each in left])
        await self._compare()
        self.rows = await self._nodes.rows()
        _log.info("joined", node=self.node, role=self.role, slot=self.slot, others=len(self.rows) - 1)

    async def leave(self) -> None:
        """Give everything back: the others need not wait for it."""
        self._gone = True
        await self._leases.release(list(self._held.values()))
        self._held.clear()
        await self._nodes.leave(self.node)

    @property
    def sure(self) -> bool:
        """Whether the leases are certainly still held."""
        return self._clock.monotonic() < self._sure_at + self.seconds * TRUSTED

    @property
    def numbers(self) -> bool:
        """Whether its slot is certainly still its own."""
        return self._clock.monotonic() < self._sure_at + self.seconds * NUMBERED

    @property
    def apart_s(self) -> float:
        """How far its clock is ahead of the database's, where that is more than it may be; 0.0 where not."""
        return self._ahead_ms / 1000 if abs(self._ahead_ms) > APART_S * 1000 else 0.0

    def wall_ms(self) -> int:
        """The database's time, as it was compared last: all processes number by the same clock, however wrong theirs
        are. None has to be kept out for its clock then; what it says of moments is wrong, and people are told so.
        """
        return self._clock.wall_ms() - self._ahead_ms

    async def _compare(self) -> None:
        before, theirs, after = self._clock.wall_ms(), await self._nodes.wall_ms(), self._clock.wall_ms()
        # As much as it is at least, however long the answer took.
        self._ahead_ms = max(0, before - theirs) or min(0, after - theirs)
        if (self.apart_s != 0.0) is not self._told_apart:
            self._told_apart = not self._told_apart
            say = _log.warning if self._told_apart else _log.info
            say("clock compared with the database's", node=self.node, ahead_s=round(self._ahead_ms / 1000, 1))

    def fence(self, name: str) -> Fence | None:
        return self._held.get(name) if self.sure else None

    def held(self, prefix: str) -> dict[str, Fence]:
        """What is held under names that begin so."""
        return {name: fence for name, fence in self._held.items() if name.startswith(prefix)}

    def living(self, *roles: Role) -> list[NodeRow]:
        """The processes with these roles that were heard of lately and are not about to go."""
        return [
            each for each in self.rows if each.role in roles and each.seen_s < self.seconds and not each.state.leaving
        ]

    def holder(self, part: int) -> str | None:
        """Which other process has a partition, as far as was heard."""
        if self._holders[0] is not self.rows:
            # What the dead had is read by those who take it.
            others = [each for each in self.rows if each.node != self.node and each.seen_s < self.seconds]
            found = {part: each.node for each in others for part in (own_part(each.slot), *each.state.parts)}
            self._holders = self.rows, found
        return self._holders[1].get(part)

    def share(self, amount: int, *roles: Role) -> int:
        """How many of so many are this process' among those with these roles."""
        names = sorted({self.node, *(each.node for each in self.living(*roles))})
        return fair_share(amount, len(names), names.index(self.node))

    async def take(self, names: Sequence[str]) -> list[Fence]:
        """Those of them that nobody holds."""
        may = names and self.sure and not self._gone
        taken = await self._leases.take(names, self.node, self.seconds) if may else []
        self._held |= {each.name: each for each in taken}
        return taken

    async def seize(self, name: str) -> Fence:
        """Whoever holds it."""
        self._held[name] = fence = await self._leases.seize(name, self.node, self.seconds)
        return fence

    async def release(self, names: Sequence[str]) -> None:
        held = [self._held.pop(name) for name in names if name in self._held]
        await self._leases.release(held)

    async def leases(self) -> list[LeaseRow]:
        return await self._leases.rows()

    def forget(self, names: Sequence[str]) -> None:
        """They are others' now."""
        gone = [name for name in names if self._held.pop(name, None) is not None]
        if gone:
            _log.warning("leases were lost", leases=", ".join(gone))
            for tell in self.lost:
                tell(gone)

    async def look(self) -> None:
        """Hear of the others."""
        self.rows = await self._nodes.rows()

    def _is_gone(self) -> bool:
        return self._gone

    def lose(self, fences: Collection[Fence]) -> None:
        """Of these, what is still held as it was."""
        self.forget([each.name for each in fences if self._held.get(each.name) == each])

    async def run(self) -> None:
        """Renew, until cancelled."""
        while True:
            await self._clock.sleep(min(self.seconds * RENEWED, RETRY_S if self.trouble else self.seconds))
            await self.renew()

    async def _find_twin(self) -> None:
        """Two with one name take each other's row, again and again."""
        rows = await self._nodes.rows()
        if any(each.node == self.node and each.slot != self.slot and each.seen_s < self.seconds for each in rows):
            _log.error("another process has this name, too: give each a cluster.node of its own", node=self.node)

    async def renew(self) -> None:
        """Say that this process lives, hear of the others, and hold what is held."""
        async with self._renewing:  # two at once would join twice
            if not self._is_gone():
                await self._renew()

    async def _renew(self) -> None:
        began = self._clock.monotonic()
        before: list[Fence] = []
        try:
            known = await self._nodes.beat(self.node, self.slot, self.state())
            if not known and not self._is_gone():
                await self._find_twin()
                await self.join(self.slot)  # it was silent for so long that its row has been removed
                await self._nodes.beat(self.node, self.slot, self.state())
            # In one turn with the question: what is given back is given before it, or behind.
            before = list(self._held.values())
            kept = {each.name for each in await self._leases.renew(before, self.node, self.seconds)}
            self.rows = await self._nodes.rows()
            await self._compare()
        except KagamiError as error:
            if not self.trouble:
                _log.warning("cannot renew", reason=error)
            self.trouble = str(error)
            return
        if self.trouble:
            _log.info("renewed again")
        self.trouble = ""
        self._sure_at = began
        self.forget([each.name for each in before if each.name not in kept and self._held.get(each.name) == each])
