"""Who may do what, and who is there: rows that only the database's clock makes old."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kagami.core.partition import SLOTS
from kagami.errors import ClusterFull, RowRefused
from kagami.ports import Fence, LeaseRow, NodeRow, NodeState, Role
from kagami.storage.engine import Questions
from kagami.storage.rows import write_json

# After so many times its patience a silent process is forgotten, with its slot.
FORGOTTEN = 4
# How often two processes may ask for the same slot at the same moment.
JOIN_TRIES = 8
_states = msgspec.json.Decoder(NodeState)


class SqlLeases:
    """Implements `ports.Leases`."""

    def __init__(self, between: Questions) -> None:
        self._between = between

    async def take(self, names: Sequence[str], owner: str, seconds: float) -> list[Fence]:
        if not names:
            return []
        rows = await self._between.ask("take_leases", {"names": list(names), "owner": owner, "ms": _ms(seconds)})
        return [Fence(*row) for row in rows]

    async def seize(self, name: str, owner: str, seconds: float) -> Fence:
        (row,) = await self._between.ask("seize_lease", {"name": name, "owner": owner, "ms": _ms(seconds)})
        return Fence(*row)

    async def renew(self, held: Sequence[Fence], owner: str, seconds: float) -> list[Fence]:
        if not held:
            return []
        pairs = [tuple(each) for each in held]
        rows = await self._between.ask("renew_leases", {"held": pairs, "owner": owner, "ms": _ms(seconds)})
        return [Fence(*row) for row in rows]

    async def release(self, held: Sequence[Fence]) -> None:
        if held:
            await self._between.ask("release_leases", {"held": [tuple(each) for each in held]})

    async def rows(self) -> list[LeaseRow]:
        return [
            LeaseRow(name, epoch, owner, left / 1000)
            for name, epoch, owner, left in await self._between.fetch("leases")
        ]


class SqlNodes:
    """Implements `ports.Nodes`."""

    def __init__(self, between: Questions) -> None:
        self._between = between

    async def join(self, node: str, role: Role, seconds: float, former: int = -1) -> int:
        for _ in range(JOIN_TRIES):
            await self._between.ask("clear_nodes", {"ms": _ms(seconds * FORGOTTEN)})
            try:
                ((slot,),) = await self._between.ask(
                    "join_node", {"node": node, "role": role, "slots": SLOTS, "former": former}
                )
            except RowRefused:
                continue  # another process was quicker
            if slot is not None:
                return int(slot)
            await self.leave(node)
            break
        raise ClusterFull(most=SLOTS)

    async def beat(self, node: str, slot: int, state: NodeState) -> bool:
        return bool(await self._between.ask("beat_node", {"node": node, "slot": slot, "state": write_json(state)}))

    async def leave(self, node: str) -> None:
        await self._between.ask("leave_node", {"node": node})

    async def rows(self) -> list[NodeRow]:
        return [
            NodeRow(node, role, slot, seen / 1000, _states.decode(state))
            for node, role, slot, seen, state in await self._between.fetch("nodes")
        ]

    async def wall_ms(self) -> int:
        ((now,),) = await self._between.fetch("wall_ms")
        return int(now)


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
