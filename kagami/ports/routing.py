"""Workers, and the desk of rules that lead events to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import msgspec

from kagami.core.routing import Decision, Judged, Rule
from kagami.model.event import Event
from kagami.ports.execution import Execution, Handled

# Facts: the one list of rules; what was decided about workers, and who holds which chat.
RULES, LIST = "@rules", "list"
WORKERS, WISH, SEAT = "@workers", "worker:", "seat:"


class Worker(Protocol):
    """Somebody who handles events: an application beside the plugin host. Several with one `pool` share its chats."""

    @property
    def name(self) -> str: ...

    @property
    def pool(self) -> str:
        """Empty when it stands alone."""
        ...

    @property
    def weight(self) -> float:
        """Its share of a pool's chats beside others that are as quick; 0 for none."""
        ...

    @property
    def live(self) -> bool:
        """Whether an event would find it now."""
        ...

    def admits(self, event: Event) -> bool:
        """Whether it may see an event, wherever it is."""
        ...

    @property
    def tells_pace(self) -> bool:
        """Whether it tells by itself how soon it answers: what `handle` takes says nothing of it then."""
        ...

    def takes(self, event: Event) -> bool:
        """Whether an event may be given to it as a member of its pool."""
        ...

    def feed(self) -> FeedRow | None:
        """How it stands with an application outside; None for a worker in this process."""
        ...

    async def handle(self, execution: Execution) -> Handled:
        """An exception means: try again later."""
        ...


class FeedRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`side` says who connects: the application (`in`) or Kagami (`out`). Of the connection that is furthest behind:
    `cursor` is the number of the last event that it has taken, `behind_s` how old that is while there are newer ones.

    `late` events came late since start; `skipped` never will, since they were too old or too many by then. `since` are
    the connections that events go out on: which account each is for (empty for all), and when it came (wall time).
    """

    side: str
    peers: tuple[str, ...] = ()
    reason: str = ""
    cursor: int = 0
    behind_s: float = 0.0
    late: int = 0
    skipped: int = 0
    since: tuple[tuple[str, int], ...] = ()


class WorkerRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`state` is `live`, `away` or `drained`. `chats` it holds, `busy` events it has now; `mean_ms` is of late.

    `node` is the process that it is connected to when that is another one.
    """

    name: str
    state: str
    pool: str = ""
    weight: float = 1.0
    chats: int = 0
    busy: int = 0
    handled: int = 0
    failed: int = 0
    mean_ms: float = 0.0
    feed: FeedRow | None = None
    node: str = ""


class Elsewhere(NamedTuple):
    """A worker that is live at another process, by that one's slot."""

    slot: int
    row: WorkerRow


class Hits(msgspec.Struct, frozen=True, omit_defaults=True):
    """How often a rule decided since start, and when it last did (wall time)."""

    count: int = 0
    last_ms: int = 0


class RuleList(msgspec.Struct, frozen=True):
    """`version` grows with every change."""

    version: int = 0
    rules: tuple[Rule, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """Where an event would go: `takers` are the worker, or the plugins that would serve it."""

    decision: Decision
    judged: list[Judged]
    takers: list[str]


class Routing(Protocol):
    """The rules in force, and who stands at the end of them. It reads both again when told that they changed."""

    @property
    def rules(self) -> RuleList: ...

    def hits(self, rule: Rule) -> Hits: ...

    def lives(self, target: str) -> bool:
        """Whether what a rule leads to could have an event now."""
        ...

    def explain(self, event: Event, rules: Sequence[Rule] | None = None) -> Found:
        """By the rules in force, or by these; nothing is counted."""
        ...

    def workers(self) -> Sequence[WorkerRow]:
        """The plugin host first."""
        ...

    async def read(self) -> None: ...


class WorkerWish(msgspec.Struct, frozen=True, omit_defaults=True):
    """What an operator decided about a worker; None: its own weight."""

    weight: float | None = None
    drained: bool = False
