"""Several processes on one database: who may do what, and what they know of one another.

The database is the truth. A lease is a row with an epoch that grows whenever the lease changes hands; whatever its
holder writes names the epoch, and is refused when it is over.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Literal, NamedTuple, Protocol

import msgspec

from kagami.core.passes import Pass
from kagami.model.action import Receipt
from kagami.model.ids import BotId, ExecutionId
from kagami.model.principal import Principal
from kagami.ports.bots import BotRow
from kagami.ports.routing import WorkerRow
from kagami.ports.store import Fence, Open, SendRow

Role = Literal["all", "gateway", "worker"]
# The namespace of facts that holds the processes which are to hand over what they serve.
DRAINED = "@drained"
# How long a send may wait for the process that has its account: then it helps nobody any more, and is not begun.
LONGEST_ASKED_S = 60.0


class NodeState(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a process tells the others of itself. Times are wall milliseconds; `oldest_s` is how long events wait.

    `trouble` is why it cannot use the database, `redis` why it cannot use the Redis; empty when it can. `redis` is
    None where none is set. `plugins` are those on its disk, `id@version#digest`; None while it has not looked. `apps`
    are the applications that are connected to it. `clock_s` is how far its clock is ahead of the database's, 0.0 where
    that is nothing to tell. All that it has numbered below `written` is on disk, and it numbers above from then on.
    `reach` is where the others call its operations, empty where they cannot.
    """

    version: str = ""
    started_ms: int = 0
    address: str = ""
    parts: tuple[int, ...] = ()
    tables: tuple[str, ...] = ()
    duty: bool = False
    leaving: bool = False
    waiting: int = 0
    oldest_s: float = 0.0
    memory_mb: float = 0.0
    trouble: str = ""
    redis: str | None = ""
    bots: tuple[BotRow, ...] = ()
    plugins: tuple[str, ...] | None = None
    apps: tuple[WorkerRow, ...] = ()
    clock_s: float = 0.0
    written: int = 0
    reach: str = ""


class NodeRow(msgspec.Struct, frozen=True):
    """A process of the cluster; `seen_s` seconds ago it was heard of. `slot` is what its numbers are made with."""

    node: str
    role: Role
    slot: int
    seen_s: float
    state: NodeState


class LeaseRow(NamedTuple):
    """`left_s` is negative when it is over."""

    name: str
    epoch: int
    owner: str
    left_s: float


class Leases(Protocol):
    """Times are the database's alone."""

    async def take(self, names: Sequence[str], owner: str, seconds: float) -> list[Fence]:
        """Those of them that nobody holds, from now on."""
        ...

    async def seize(self, name: str, owner: str, seconds: float) -> Fence:
        """Whoever holds it: from now on it is ours."""
        ...

    async def renew(self, held: Sequence[Fence], owner: str, seconds: float) -> list[Fence]:
        """Hold them longer; those that are still ours."""
        ...

    async def release(self, held: Sequence[Fence]) -> None: ...

    async def rows(self) -> list[LeaseRow]: ...


class Nodes(Protocol):
    async def join(self, node: str, role: Role, seconds: float, former: int = -1) -> int:
        """The slot that is this process' own while it beats; `former` if that is free. `ClusterFull` if none is."""
        ...

    async def beat(self, node: str, slot: int, state: NodeState) -> bool:
        """False when the row is gone: this process was taken for dead, or another one has its name."""
        ...

    async def leave(self, node: str) -> None: ...

    async def rows(self) -> list[NodeRow]: ...

    async def wall_ms(self) -> int:
        """The database's time."""
        ...


class PackageRow(NamedTuple):
    """A version of a plugin that all have. `record` is JSON, `removed_ms` 0 while it is installed.

    `node` brought it; `seal` proves that this was one of us.
    """

    plugin: str
    version: str
    sha256: str
    size: int
    added_ms: int
    removed_ms: int
    node: str
    record: str
    seal: str = ""


class Packages(Protocol):
    """Plugins that one process has brought, for the others."""

    async def rows(self) -> list[PackageRow]:
        """Those that were removed too."""
        ...

    async def content(self, row: PackageRow) -> bytes:
        """As it is there, whatever it should be; `Unavailable` when some of it is missing."""
        ...

    async def put(self, row: PackageRow, content: bytes) -> None:
        """In the place of a row of the same version."""
        ...

    async def remove(self, row: PackageRow) -> None:
        """The row stays, its content goes."""
        ...


class Due(NamedTuple):
    """An open event of a partition."""

    number: int
    part: int
    found: Open


class Backlog(Protocol):
    """What waits for one of several processes."""

    async def open_events(self, parts: Collection[int], held: Collection[int], most: int) -> list[Due]:
        """Of each of these partitions the oldest, at most so many, without those whose numbers are held; in order."""
        ...

    async def take_sends(
        self, bots: Mapping[Fence, int], busy: Collection[str], most: int
    ) -> list[tuple[SendRow, str]]:
        """Sends that nobody makes yet become ours, `sending` on disk; each with the node that waits for its outcome.

        `bots` are the leases `bot:<BotId>`, each with how many of its sends may begin now. Of each chat it is the
        oldest alone, none of those that are `busy`, named `<BotId>|<ChatId>`, and none that is late.
        """
        ...

    async def outcomes(self, executions: Collection[ExecutionId]) -> list[tuple[ExecutionId, int, Receipt]]:
        """What became of their sends, of those where it is known."""
        ...

    async def reclaim(self, bots: Sequence[Fence], busy: Collection[str]) -> None:
        """What is `sending` by these accounts in chats that are not `busy` was never begun: it waits again."""
        ...

    async def give_back(self, lease: Fence, sends: Sequence[tuple[ExecutionId, int]]) -> None:
        """These were taken under an account's lease and not begun: whoever has the account next makes them.

        Nothing happens when the lease is over: they are its next holder's, who may be making them.
        """
        ...

    async def abandon(self, execution: ExecutionId, ordinal: int, reason: str) -> bool:
        """Nobody is to make this send any more; False when somebody has begun."""
        ...

    async def expire(self, reason: str) -> int:
        """What has waited for so long that it helps nobody any more has failed; how many."""
        ...

    async def move(self, execution: ExecutionId, part: int, lease: Fence) -> bool:
        """An open event is for another partition from now on; False when the lease of its own is over."""
        ...

    async def give_up(self, bot: BotId, reason: str) -> int:
        """What an earlier holder of the account was sending became nobody knows what; how many."""
        ...


class Commits(Protocol):
    """What the ledger has on disk now, told once for each batch, in order."""

    def opened(self, rows: Sequence[tuple[int, int]]) -> None:
        """Numbers of new events, with their partitions."""
        ...

    def closed(self, executions: Sequence[ExecutionId]) -> None: ...

    def asked(self, bots: Collection[BotId]) -> None:
        """Sends wait for these."""
        ...

    def lost(self, leases: Collection[Fence]) -> None:
        """Rows were refused because these leases are others' now."""
        ...


class Sharing(Protocol):
    """Sends that are made by whichever process has the account."""

    def local(self, bot: BotId) -> bool:
        """Whether an account is of this process alone, as a console's own chat is."""
        ...

    async def send(self, row: SendRow, *, fence: Fence | None, written: Callable[[], None]) -> Receipt:
        """Ask for it and wait for what comes of it."""
        ...

    async def move(self, execution: ExecutionId, slot: int, fence: Fence) -> None:
        """Lead an open event on to the process with this slot; `Unavailable` when it is not there any more."""
        ...


class Calls(Protocol):
    """Operations that one process has another one do. `node` is what this one is called."""

    node: str

    async def call(self, node: str, who: Principal, request: msgspec.Struct) -> Any:
        """What it answers at that process, or the error that it ends in; `Unavailable` when nobody can be asked."""
        ...

    async def all(self, who: Principal, request: msgspec.Struct, seconds: float) -> list[Any]:
        """What the other processes answer within so many seconds; left out is who does not, or refuses."""
        ...

    def admit(self, text: str, operation: str) -> Pass:
        """Who asks here; `Unauthorized` when no process of this cluster has sent that, or for something else."""
        ...


class Processes(Protocol):
    """Who shares the work, as operations see it. Whoever is silent for `patience_s` is gone."""

    @property
    def patience_s(self) -> float: ...

    @property
    def calling(self) -> Calls: ...

    def rows(self) -> list[NodeRow]: ...

    async def read(self) -> None:
        """Operators have decided something."""
        ...
