"""The engine, as operations and consoles see it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from kagami.clock import Clock
from kagami.log import Ring
from kagami.meters import Meters
from kagami.model.event import Kind
from kagami.model.ids import ChatId, ExecutionId
from kagami.model.principal import SYSTEM, Principal
from kagami.ports.alerts import Alerts
from kagami.ports.attendance import Attendance
from kagami.ports.backups import Backups
from kagami.ports.bots import BotList
from kagami.ports.centre import Accounts, Applications, Centre, Connection
from kagami.ports.cluster import Processes
from kagami.ports.conversations import Conversations
from kagami.ports.execution import Outbox, Plugins
from kagami.ports.facts import Facts
from kagami.ports.guard import GuardDesk
from kagami.ports.logs import Logs
from kagami.ports.people import People
from kagami.ports.privacy import Privacy
from kagami.ports.routing import Routing
from kagami.ports.store import Store
from kagami.ports.trials import Trials


class Sandbox(Protocol):
    """The terminal's own chat: events go in as from a platform, answers are kept like any other."""

    async def say(
        self,
        text: str,
        *,
        user: str,
        chat: ChatId,
        name: str,
        images: Sequence[str] = (),
        kind: Kind = "message",
        happens: str = "",
    ) -> ExecutionId:
        """`happens` names what is no message; `name` is the user's, `images` are embedded."""
        ...


class Pulse(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole house in one line, once a second. Rates are of the last second, percent are of one core.

    `kept_aside` events wait on this process' own disk for a database that is away, the oldest since `kept_aside_s`.
    """

    at_ms: int
    started_ms: int
    version: str
    cpu_percent: float = 0.0
    memory_bytes: int = 0
    host_memory_bytes: int = 0
    online: int = 0
    troubled: int = 0
    offline: int = 0
    in_per_s: float = 0.0
    out_per_s: float = 0.0
    p95_ms: float = 0.0
    received: int = 0
    sent: int = 0
    failed: int = 0
    unknown: int = 0
    waiting: int = 0
    open_events: int = 0
    oldest_s: float = 0.0
    loop_lag_ms: float = 0.0
    log_seq: int = 0
    errors: int = 0
    store_away: bool = False
    kept_aside: int = 0
    kept_aside_s: float = 0.0


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """Something a person should know. `kind` is stable, `text` English with `fields` for the shower to fill in."""

    at_ms: int
    level: Literal["info", "warning", "error"]
    kind: str
    text: str
    fields: dict[str, str] = {}


class House(Protocol):
    """The running hub, as operations see it."""

    def pulse(self) -> Pulse: ...

    def pulses(self, seconds: int) -> list[Pulse]:
        """Up to 3,600 past pulses, oldest first."""
        ...

    def notices(self) -> list[Notice]: ...

    @property
    def leaving(self) -> bool:
        """It was asked to stop, and takes nothing new."""
        ...

    async def replay(self, execution: ExecutionId) -> None:
        """Handle a dead event again; `NotFound` when there is none."""
        ...

    def stop(self, reason: str) -> None:
        """Ask the whole engine to stop gracefully."""
        ...


class Files(Protocol):
    """The configuration file, as operations change it: atomically, with its comments kept."""

    async def set_plugin(self, plugin: str, values: Mapping[str, Any]) -> None:
        """Set `plugins.settings.<plugin>`; None removes a key. `SettingError` when the file cannot be written."""
        ...


@dataclass(frozen=True, slots=True)
class Parts:
    """What operations may use. Made once; each call gets it with `who` calls and `facts` of its own."""

    clock: Clock
    meters: Meters
    ring: Ring
    logs: Logs
    store: Store
    bots: BotList
    plugins: Plugins
    outbox: Outbox
    sandbox: Sandbox
    house: House
    alerts: Alerts
    backups: Backups
    files: Files
    centre: Centre
    accounts: Accounts
    applications: Applications
    connection: Callable[[], Connection]
    facts: Facts
    people: People
    routing: Routing
    guard: GuardDesk
    privacy: Privacy
    trials: Trials
    conversations: Conversations
    attendance: Attendance
    cluster: Processes
    who: Principal = SYSTEM


class Feed(msgspec.Struct, frozen=True):
    """One item of a live feed: `topic` is `pulse`, `bots` or `notice`."""

    topic: str
    value: Any


class Control(Protocol):
    """The engine, as a console sees it: in this process or at the end of a socket, with the same answers.

    `call` raises the engine's `KagamiError`s, and `EngineAway` when the engine is gone.
    """

    async def call(self, request: msgspec.Struct) -> Any: ...

    def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]: ...

    async def close(self) -> None: ...
