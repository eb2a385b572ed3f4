"""What the rooms of floor 5 know of one another: these protocols and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import msgspec

from kagami.clock import Clock
from kagami.core.handshake import Welcome
from kagami.core.pace import Pace
from kagami.log import Ring
from kagami.meters import Meters
from kagami.model.action import Action, Receipt
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import Principal
from kagami.model.trace import Outcome, Trace

# --- bots and adapters -----------------------------------------------------------------------------------------------

BotState = Literal["connecting", "online", "silent", "backoff", "auth_failed", "crash_loop", "stopped"]


class BotHealth(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a bot is. `reason` is for people, in English; `since_ms` and `last_event_ms` are wall time, 0 for never."""

    state: BotState
    reason: str = ""
    since_ms: int = 0
    last_event_ms: int = 0
    usual_gap_s: float = 0.0
    reconnects: int = 0
    peer: str = ""
    rtt_ms: float = 0.0


class Bot(Protocol):
    """One account. `perform` never raises for what the platform or the link does: it says so in the receipt."""

    @property
    def id(self) -> BotId: ...

    @property
    def name(self) -> str:
        """What people call it: the configured name, else the account's nickname, else its id."""
        ...

    @property
    def adapter(self) -> str: ...

    @property
    def pace(self) -> Pace:
        """How fast it may speak, as far as its own settings say."""
        ...

    def health(self) -> BotHealth: ...

    async def perform(self, action: Action) -> Receipt: ...

    async def close(self, reason: str) -> None: ...


class Intake(Protocol):
    """What the hub offers to adapters. Only the first of these may be called often; none of them blocks a reader."""

    def accept(self, event: Event, read_at: float) -> Awaitable[bool]:
        """Take an event. The awaitable ends when it is on disk: True for a new event, False for a known one.

        Pollers and acknowledged pushes await it before they acknowledge; a OneBot reader does not. `read_at` is the
        monotonic time at which its frame was read.
        """
        ...

    def complain(self, bot: BotId, reason: str, frame: bytes) -> None:
        """Keep a frame that is not the protocol: counted, traced, at most its first 2 KiB."""
        ...

    def attach(self, bot: Bot) -> None:
        """A bot is here (again). An older object for the same id is replaced."""
        ...

    def detach(self, bot: Bot) -> None:
        """This very object is gone for good; a newer one for the same id stays."""
        ...

    def current(self, bot: BotId) -> Bot | None: ...


class Adapter(Protocol):
    """One configured connection, or a family of them. `run` returns only when cancelled."""

    async def run(self, intake: Intake) -> None: ...


class Socket(Protocol):
    """One open WebSocket. `receive` raises `EOFError` when it is closed.

    `send` raises `EOFError` when nothing of the frame was written, `ConnectionError` when some of it may have been.
    """

    @property
    def peer(self) -> str:
        """Address for people: `127.0.0.1:53122`."""
        ...

    async def receive(self) -> bytes: ...

    async def send(self, frame: bytes) -> None: ...

    async def probe(self, limit: float) -> float | None:
        """Round trip of a ping in seconds; None when no answer comes within `limit` seconds."""
        ...

    async def close(self, code: int, reason: str) -> None: ...


class Reception(Protocol):
    """Serves implementations that connect to the gateway; made by the OneBot adapter."""

    async def admit(self, welcome: Welcome) -> None:
        """Raise `HandshakeRefused` (409) when a live connection already has this account and role."""
        ...

    async def serve(self, socket: Socket, welcome: Welcome) -> None:
        """Speak with it until it closes."""
        ...


# --- store -----------------------------------------------------------------------------------------------------------


class SendRow(msgspec.Struct, frozen=True):
    """One send about to be made. `ordinal` counts the sends of its execution from 0; `event` is 0 for none."""

    execution: ExecutionId
    ordinal: int
    bot: BotId
    chat: ChatId
    text: str
    body: Action
    created_ms: int
    attempt: int = 1


class StorePut(msgspec.Struct, frozen=True):
    """A staged write of `ctx.store`: JSON text, or None to delete."""

    plugin: str
    key: str
    value: str | None


class Open(msgspec.Struct, frozen=True):
    """An accepted event that is not done, as recovery finds it."""

    event: Event
    accepted_ms: int
    attempts: int
    sends: dict[int, Receipt] = {}
    error: str = ""


class MessageRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the message log. `outcome` is a trace's outcome for `in`, a send's state for `out`."""

    id: int
    direction: Literal["in", "out"]
    time_ms: int
    bot: BotId
    chat: ChatId
    user: UserId
    text: str
    execution: ExecutionId
    outcome: str
    sender: str = ""
    chat_name: str = ""
    message_id: str = ""
    reason: str = ""


class ChatRow(msgspec.Struct, frozen=True, omit_defaults=True):
    bot: BotId
    chat: ChatId
    chat_name: str
    last_ms: int
    last_text: str
    last_sender: str
    messages: int


class Cleaned(msgspec.Struct, frozen=True):
    """What a clean-up would remove or has removed; `bytes` is an estimate before and the file's shrinkage after."""

    messages: int
    sends: int
    traces: int
    bytes: int


class Ledger(Protocol):
    """The one group-committing writer. Nothing here waits for the disk unless its awaitable is awaited."""

    def accept(self, event: Event, accepted_ms: int) -> Awaitable[bool]:
        """On disk when it ends; False when (bot, dedupe) is already there."""
        ...

    def begin_send(self, row: SendRow) -> Awaitable[None]:
        """State `sending` is on disk when it ends."""
        ...

    def end_send(self, execution: ExecutionId, ordinal: int, receipt: Receipt, done_ms: int) -> None: ...

    def finish(
        self,
        trace: Trace,
        *,
        attempts: int,
        effects: Sequence[StorePut] = (),
        answers: Sequence[Trace] = (),
        retry_at_ms: int = 0,
    ) -> Awaitable[None]:
        """Close an event: its trace, its effects and the answers that it consumed, in one transaction.

        Outcome `retry` keeps the event open with `retry_at_ms` and drops the effects.
        """
        ...

    def record(self, trace: Trace) -> None:
        """A trace without an event (a bad frame)."""
        ...

    async def flush(self) -> None:
        """Everything given so far is on disk."""
        ...


class Store(Protocol):
    """Everything that is read, and the rare writes."""

    @property
    def ledger(self) -> Ledger: ...

    async def recover(self, now_ms: int) -> list[Open]:
        """Open events in order of acceptance; sends left in `sending` have become `unknown`."""
        ...

    async def recent_keys(self, limit: int) -> list[tuple[BotId, str]]:
        """The newest dedupe keys, oldest first."""
        ...

    async def put_many(self, writes: Sequence[StorePut]) -> None: ...

    async def get(self, plugin: str, key: str) -> str | None:
        """JSON text of a plugin's own value."""
        ...

    async def keys(self, plugin: str, prefix: str) -> list[str]: ...

    async def chats(self, *, limit: int = 200, active_since_ms: int = 0, contains: str = "") -> list[ChatRow]: ...

    async def messages(
        self, *, bot: BotId | None = None, chat: ChatId | None = None, before: int = 0, limit: int = 100
    ) -> list[MessageRow]:
        """The newest `limit` rows with an id below `before` (0: no bound), oldest first."""
        ...

    async def search(
        self, text: str, *, bot: str = "", chat: str = "", user: str = "", before: int = 0, limit: int = 50
    ) -> list[MessageRow]:
        """Messages that contain `text` (any language, any length), newest first."""
        ...

    async def traces(
        self, *, outcome: str = "", plugin: str = "", slower_us: int = 0, before_ms: int = 0, limit: int = 100
    ) -> list[Trace]:
        """Newest first."""
        ...

    async def trace(self, execution: ExecutionId) -> Trace | None: ...

    async def sends(self, execution: ExecutionId) -> list[MessageRow]: ...

    async def dead(self, limit: int = 100) -> list[Open]: ...

    async def revive(self, execution: ExecutionId) -> Open | None:
        """Make a dead event open again; None when there is no such dead event."""
        ...

    async def measure(self, older_than_ms: int) -> Cleaned: ...

    async def clean(self, older_than_ms: int) -> Cleaned: ...

    async def audit(self, at_ms: int, principal: Principal, operation: str, target: str, result: str) -> None: ...

    async def counts(self, since_ms: int) -> Mapping[str, int]:
        """`in`, `out`, `failed`, `unknown`, `dead`, `open` since then (the last two: now)."""
        ...

    async def size(self) -> int:
        """Bytes on disk."""
        ...


# --- execution -------------------------------------------------------------------------------------------------------


class Execution(Protocol):
    """One event in the hands of a runtime."""

    @property
    def event(self) -> Event: ...

    @property
    def admin(self) -> Principal | None:
        """Set when the event is an operator's `#` command."""
        ...

    @property
    def attempts(self) -> int:
        """How often this event was tried before; 0 the first time."""
        ...

    @property
    def prefix(self) -> str: ...

    def mark(self, stage: str, detail: str = "") -> None: ...

    async def perform(self, action: Action) -> Receipt:
        """Send or call, once even when the event is tried again after a crash."""
        ...

    def stage(self, write: StorePut) -> None:
        """Remember a write; it becomes real together with the event's completion."""
        ...

    def staged(self, plugin: str) -> Mapping[str, str | None]:
        """Writes of this execution that a read must see."""
        ...

    def waiting(self) -> AbstractAsyncContextManager[None]:
        """Give the slot back while a question is open."""
        ...

    def consumed(self, answer: Answer) -> None:
        """An answer was used; it is closed together with this event."""
        ...

    async def call(self, request: msgspec.Struct) -> Any:
        """Call an operation as `admin`; `Denied` for everybody else."""
        ...


class Answer(Protocol):
    """An event offered to a waiting question."""

    @property
    def event(self) -> Event: ...


class Dialogs(Protocol):
    """Open questions by conversation."""

    def offer(self, answer: Answer) -> bool:
        """True when a question took it."""
        ...


class Handled(msgspec.Struct, frozen=True):
    """What a runtime did. `plugin` is `id@version` of who handled it, empty when nobody wanted it."""

    plugin: str = ""
    outcome: Outcome = "ignored"


class Runtime(Protocol):
    """The plugin host, as the pipeline sees it. An exception means: try again later."""

    async def handle(self, execution: Execution) -> Handled: ...


class PluginRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`state` is `active`, `failed`, `draining` or `disabled`; `error` is a traceback's last line, or all of it."""

    id: str
    version: str
    name: str
    state: str
    builtin: bool = False
    description: str = ""
    error: str = ""
    commands: tuple[str, ...] = ()
    handled: int = 0
    failed: int = 0
    p95_ms: float = 0.0


class ReloadRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`old` and `new` are versions; `error` says why it stayed; `survivors` what outlived the unload and its place."""

    id: str
    old: str
    new: str
    error: str = ""
    survivors: tuple[str, ...] = ()


class Plugins(Protocol):
    """The plugin host, as an operator sees it."""

    def rows(self) -> list[PluginRow]: ...

    async def reload(self, plugin: str | None) -> list[ReloadRow]: ...

    def blame(self, frames: Sequence[str]) -> str:
        """The plugin whose file is innermost among a stack's file names; empty when none is."""
        ...


# --- operations and consoles ------------------------------------------------------------------------------------------


class Outbox(Protocol):
    async def send(self, execution: ExecutionId, ordinal: int, action: Action) -> Receipt:
        """Record, pace, send, record. The receipt is also kept in the store."""
        ...


class BotRow(msgspec.Struct, frozen=True, omit_defaults=True):
    id: BotId
    name: str
    adapter: str
    health: BotHealth
    received: int = 0
    sent: int = 0
    failed: int = 0
    in_per_s: float = 0.0
    out_per_s: float = 0.0
    p95_ms: float = 0.0


class Bots(Protocol):
    def rows(self) -> list[BotRow]: ...

    def get(self, bot: BotId) -> Bot | None: ...


class Sandbox(Protocol):
    """The terminal's own chat: events go in as from a platform, answers are kept like any other."""

    async def say(self, text: str, *, user: str, chat: ChatId, name: str) -> ExecutionId: ...


class Pulse(msgspec.Struct, frozen=True, omit_defaults=True):
    """The whole house in one line, once a second. Rates are of the last second, percent are of one core."""

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

    async def replay(self, execution: ExecutionId) -> None:
        """Handle a dead event again; `NotFound` when there is none."""
        ...

    def stop(self, reason: str) -> None:
        """Ask the whole engine to stop gracefully."""
        ...


class Connection(msgspec.Struct, frozen=True):
    """What an operator pastes into an implementation."""

    url: str
    token: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What operations may use. Made once, by `kagami.app`."""

    clock: Clock
    meters: Meters
    ring: Ring
    store: Store
    bots: Bots
    plugins: Plugins
    outbox: Outbox
    sandbox: Sandbox
    house: House
    connection: Connection


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
