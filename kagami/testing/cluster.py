"""A database that several processes share, in memory: who may do what, who is there, and what waits for one of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from kagami.clock import Clock
from kagami.core.partition import SLOTS
from kagami.errors import ClusterFull, StoreClosed
from kagami.model.action import Receipt
from kagami.model.ids import BotId, ExecutionId
from kagami.ports import Due, Fence, LeaseRow, NodeRow, NodeState, Role, SendRow

FORGOTTEN = 4


@dataclass
class Lease:
    epoch: int
    owner: str
    expires: float


@dataclass
class Database:
    """Implements `ports.Leases` and `ports.Backlog`; `nodes` is its `ports.Nodes`. `away`: nothing can be asked.

    Of what waits so much is `late`; its clock is `ahead_ms` of the processes'.
    """

    clock: Clock
    away: bool = False
    held: dict[str, Lease] = field(default_factory=dict)
    due: list[Due] = field(default_factory=list)
    ready: list[tuple[SendRow, str]] = field(default_factory=list)
    sending: list[SendRow] = field(default_factory=list)
    known: dict[tuple[ExecutionId, int], Receipt] = field(default_factory=dict)
    given_up: list[BotId] = field(default_factory=list)
    late: int = 0
    ahead_ms: int = 0

    def __post_init__(self) -> None:
        self.nodes = Nodes(self)

    def look(self) -> None:
        if self.away:
            raise StoreClosed(reason="it is away")

    # --- ports.Leases ---

    async def take(self, names: Sequence[str], owner: str, seconds: float) -> list[Fence]:
        self.look()
        now = self.clock.monotonic()
        free = [name for name in names if name not in self.held or self.held[name].expires < now]
        return [await self.seize(name, owner, seconds) for name in free]

    async def seize(self, name: str, owner: str, seconds: float) -> Fence:
        self.look()
        epoch = self.held[name].epoch + 1 if name in self.held else 1
        self.held[name] = Lease(epoch, owner, self.clock.monotonic() + seconds)
        return Fence(name, epoch)

    async def renew(self, held: Sequence[Fence], owner: str, seconds: float) -> list[Fence]:
        self.look()
        kept = [fence for fence in held if self._is(fence, owner)]
        for fence in kept:
            self.held[fence.name].expires = self.clock.monotonic() + seconds
        return kept

    async def release(self, held: Sequence[Fence]) -> None:
        self.look()
        for fence in held:
            if self.held[fence.name].epoch == fence.epoch:
                self.held[fence.name].expires = -1.0

    async def rows(self) -> list[LeaseRow]:
        self.look()
        now = self.clock.monotonic()
        return [LeaseRow(name, each.epoch, each.owner, each.expires - now) for name, each in self.held.items()]

    def owners(self, prefix: str) -> dict[str, str]:
        """Who holds what under names that begin so."""
        now = self.clock.monotonic()
        return {name: each.owner for name, each in self.held.items() if name.startswith(prefix) and each.expires >= now}

    def _is(self, fence: Fence, owner: str) -> bool:
        lease = self.held.get(fence.name)
        return lease is not None and (lease.epoch, lease.owner) == (fence.epoch, owner)

    # --- ports.Backlog ---

    async def open_events(self, parts: Collection[int], held: Collection[int], most: int) -> list[Due]:
        self.look()
        found = [each for each in self.due if each.part in parts and each.number not in held]
        found.sort(key=lambda each: each.number)
        oldest = [each for part in parts for each in [due for due in found if due.part == part][:most]]
        return sorted(oldest, key=lambda each: each.number)

    async def take_sends(
        self, bots: Mapping[Fence, int], busy: Collection[str], most: int
    ) -> list[tuple[SendRow, str]]:
        self.look()
        epochs = {name: lease.epoch for name, lease in self.held.items()}
        rooms = {fence.name.removeprefix("bot:"): room for fence, room in bots.items() if fence in epochs.items()}
        oldest: dict[str, tuple[SendRow, str]] = {}
        for each in self.ready:
            oldest.setdefault(f"{each[0].bot}|{each[0].chat}", each)
        free = [each for place, each in oldest.items() if place not in busy]
        of_each = [[each for each in free if each[0].bot == bot][:room] for bot, room in rooms.items()]
        taken = list(chain.from_iterable(of_each))[:most]
        self.ready = [each for each in self.ready if each not in taken]
        self.sending += [row for row, _ in taken]
        return taken

    async def outcomes(self, executions: Collection[ExecutionId]) -> list[tuple[ExecutionId, int, Receipt]]:
        self.look()
        return [(*key, receipt) for key, receipt in self.known.items() if key[0] in executions]

    async def reclaim(self, bots: Sequence[Fence], busy: Collection[str]) -> None:
        self.look()
        ours = {fence.name.removeprefix("bot:") for fence in bots}
        idle = [row for row in self.sending if row.bot in ours and f"{row.bot}|{row.chat}" not in busy]
        self.sending = [row for row in self.sending if row not in idle]
        self.ready += [(row, "") for row in idle]

    async def give_back(self, lease: Fence, sends: Sequence[tuple[ExecutionId, int]]) -> None:
        self.look()
        held = self.held.get(lease.name)
        ours = held is not None and held.epoch == lease.epoch
        back = [row for row in self.sending if ours and (row.execution, row.ordinal) in sends]
        self.sending = [row for row in self.sending if row not in back]
        self.ready += [(row, "") for row in back]

    async def abandon(self, execution: ExecutionId, ordinal: int, reason: str) -> bool:
        del reason
        self.look()
        before = len(self.ready)
        self.ready = [each for each in self.ready if (each[0].execution, each[0].ordinal) != (execution, ordinal)]
        return len(self.ready) < before

    async def expire(self, reason: str) -> int:
        del reason
        self.look()
        late, self.late = self.late, 0
        return late

    async def move(self, execution: ExecutionId, part: int, lease: Fence) -> bool:
        self.look()
        held = self.held.get(lease.name)
        ours = held is not None and held.epoch == lease.epoch
        found = [each for each in self.due if ours and each.found.event.execution == execution]
        self.due = [each._replace(part=part) if each in found else each for each in self.due]
        return bool(found)

    async def give_up(self, bot: BotId, reason: str) -> int:
        del reason
        self.look()
        self.given_up.append(bot)
        left = [row for row in self.sending if row.bot == bot]
        self.sending = [row for row in self.sending if row.bot != bot]
        return len(left)


class Nodes:
    """Implements `ports.Nodes`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: dict[str, tuple[Role, int, float, NodeState]] = {}

    async def join(self, node: str, role: Role, seconds: float, former: int = -1) -> int:
        self._database.look()
        now = self._database.clock.monotonic()
        self._rows = {name: row for name, row in self._rows.items() if row[2] + seconds * FORGOTTEN >= now}
        taken = {slot for _, slot, _, _ in self._rows.values()}
        free = [slot for slot in range(SLOTS) if slot not in taken]
        if not free:
            raise ClusterFull(most=SLOTS)
        slot = former if former in free else free[0]
        self._rows[node] = (role, slot, now, NodeState())
        return slot

    async def beat(self, node: str, slot: int, state: NodeState) -> bool:
        self._database.look()
        if node not in self._rows or self._rows[node][1] != slot:
            return False
        self._rows[node] = (self._rows[node][0], slot, self._database.clock.monotonic(), state)
        return True

    async def leave(self, node: str) -> None:
        self._rows.pop(node, None)

    async def wall_ms(self) -> int:
        self._database.look()
        return self._database.clock.wall_ms() + self._database.ahead_ms

    async def rows(self) -> list[NodeRow]:
        self._database.look()
        now = self._database.clock.monotonic()
        return [NodeRow(name, role, slot, now - seen, state) for name, (role, slot, seen, state) in self._rows.items()]
