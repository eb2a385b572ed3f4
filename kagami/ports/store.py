"""What is kept: the ledger that everything hot goes through, the store that is read."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import Literal, NamedTuple, Protocol, TypedDict, Unpack

import msgspec

from kagami.core.chain import Verdict
from kagami.model.action import Action, Receipt
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import Principal
from kagami.model.trace import Trace


class Fence(NamedTuple):
    """A lease as its holder knows it: what is written under it is refused when its epoch is over."""

    name: str
    epoch: int


class SendRow(msgspec.Struct, frozen=True):
    """One send about to be made. `ordinal` counts the sends of its execution from 0; `worker` is the application
    outside that makes it.
    """

    execution: ExecutionId
    ordinal: int
    bot: BotId
    chat: ChatId
    text: str
    body: Action
    created_ms: int
    attempt: int = 1
    worker: str = ""


class StorePut(msgspec.Struct, frozen=True):
    """A staged write of `ctx.store`: JSON text, or None to delete."""

    plugin: str
    key: str
    value: str | None


class Open(msgspec.Struct, frozen=True):
    """An accepted event that is not done, as recovery finds it. `restarted`: an earlier process had begun it.

    `fence` is the lease under which it is handled, where several processes share the work. `holds` counts how often it
    has waited for the store, which is no try. What was `led` here has been judged by the process that led it on.
    """

    event: Event
    accepted_ms: int
    attempts: int
    sends: dict[int, Receipt] = {}
    error: str = ""
    restarted: bool = False
    fence: Fence | None = None
    holds: int = 0
    led: bool = False


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
    worker: str = ""


class ChatRow(msgspec.Struct, frozen=True, omit_defaults=True):
    bot: BotId
    chat: ChatId
    chat_name: str
    last_ms: int
    last_text: str
    last_sender: str
    messages: int


class MessageQuery(TypedDict, total=False):
    """Which messages: whole names, `direction` is `in` or `out`, `outcome` as of `MessageRow`.

    `before` is the id behind which the next page begins, `limit` 50 when it is not given.
    """

    bot: str
    chat: str
    user: str
    direction: str
    outcome: str
    before: int
    limit: int


class TraceQuery(TypedDict, total=False):
    """Which traces. `plugin` is an id or `id@version`; `bot`, `chat` and `user` are whole ids, or what stands behind
    the first colon; `execution` is a part of its id, and `text` of what was said or of the error, regardless of case.
    `before` is the execution id behind which the next page begins, `limit` 100 when it is not given.
    """

    outcome: str
    plugin: str
    slower_us: int
    before_ms: int
    since_ms: int
    execution: str
    bot: str
    chat: str
    user: str
    text: str
    before: str
    limit: int


class AuditRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who asked for what, and how it went: `result` is `begun`, `ok`, `failed`, `denied`, `interrupted` or
    `refused: <error>`.
    """

    seq: int
    at_ms: int
    kind: str
    name: str
    address: str
    operation: str
    target: str
    result: str


class Cleaned(msgspec.Struct, frozen=True):
    """What a clean-up would remove or has removed; `bytes` is an estimate before and the file's shrinkage after."""

    messages: int
    sends: int
    traces: int
    bytes: int


class Aside(Protocol):
    """Where events that come once are kept while the store cannot be written."""

    @property
    def takes(self) -> bool:
        """False when there is no more room."""
        ...

    def accept(self, event: Event, accepted_ms: int) -> Awaitable[bool]:
        """On disk there when it ends, and given to the ledger later."""
        ...


class Ledger(Protocol):
    """The one group-committing writer. Nothing here waits for the disk unless its awaitable is awaited."""

    @property
    def crowded(self) -> bool:
        """More waits to be written than should: who brings events does well to pause. False when that cannot help."""
        ...

    @property
    def newest(self) -> int:
        """The highest number given so far; every accepted event has a higher one than those before it."""
        ...

    @property
    def takes(self) -> bool:
        """False while it refuses new events and sends: it is closed, or too much waits for a disk that is full."""
        ...

    @property
    def aside(self) -> Aside | None:
        """Where events that come once go in place of this, as long as it is not None."""
        ...

    def accept(self, event: Event, accepted_ms: int, *, once: bool = False) -> Awaitable[bool]:
        """On disk when it ends; False when (bot, dedupe) is already there. `once`: nobody brings it again."""
        ...

    def begin_send(self, row: SendRow, fence: Fence | None = None) -> Awaitable[None]:
        """State `sending` is on disk when it ends."""
        ...

    def ask_send(self, row: SendRow, node: str, fence: Fence | None = None) -> Awaitable[None]:
        """State `ready` is on disk when it ends, for whichever process has the account; `node` waits for its outcome.

        One that an earlier try has asked for stays as it is.
        """
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
        fence: Fence | None = None,
    ) -> Awaitable[None]:
        """Close an event: its trace, its effects and the answers that it consumed, in one transaction.

        Outcomes `retry` and `parked` keep the event open with `retry_at_ms` and drop the effects.
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

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        """JSON texts by key, in order of their keys."""
        ...

    async def chats(self, *, limit: int = 200, active_since_ms: int = 0, contains: str = "") -> list[ChatRow]: ...

    async def messages(
        self, *, bot: BotId | None = None, chat: ChatId | None = None, before: int = 0, limit: int = 100
    ) -> list[MessageRow]:
        """The newest `limit` rows with an id below `before` (0: no bound), oldest first."""
        ...

    async def search(self, text: str, **wanted: Unpack[MessageQuery]) -> list[MessageRow]:
        """Messages that contain `text` (any language, any length), newest first; all wanted ones for an empty text."""
        ...

    async def traces(self, **wanted: Unpack[TraceQuery]) -> list[Trace]:
        """Newest first."""
        ...

    async def trace(self, execution: ExecutionId) -> Trace | None: ...

    async def sends(self, execution: ExecutionId) -> list[MessageRow]: ...

    async def send(self, number: int) -> tuple[Action, str] | None:
        """A send of the message log by its id, with its state: `sending`, `sent`, `failed` or `unknown`."""
        ...

    async def doubtful(self, bot: BotId, since_ms: int) -> list[SendRow]:
        """Messages sent since then of which nobody knows what became (`unknown`), oldest first."""
        ...

    async def dead(self, limit: int = 100) -> list[Open]: ...

    async def revive(self, execution: ExecutionId) -> Open | None:
        """Make a dead event open again; None when there is no such dead event."""
        ...

    async def drop(self, execution: ExecutionId) -> bool:
        """Give a dead event up for good; False when there is no such dead event."""
        ...

    async def measure(self, older_than_ms: int) -> Cleaned: ...

    async def clean(self, older_than_ms: int) -> Cleaned: ...

    async def audit(
        self,
        at_ms: int,
        principal: Principal,
        operation: str,
        target: str,
        result: str,
        writes: Sequence[StorePut] = (),
    ) -> None:
        """One row, on disk when it ends, in one transaction with `writes`."""
        ...

    async def audits(
        self,
        *,
        who: str = "",
        operation: str = "",
        result: str = "",
        text: str = "",
        since_ms: int = 0,
        until_ms: int = 0,
        before: int = 0,
        limit: int = 100,
    ) -> list[AuditRow]:
        """Newest first: of `who` (a name, a kind or `kind:name`), with an operation and a result that begin so."""
        ...

    async def audits_after(self, seq: int, limit: int = 500) -> list[AuditRow]:
        """Oldest first, behind the row `seq`."""
        ...

    async def verify_audit(self) -> Verdict:
        """Follow the whole chain of the audit and compare it with its signed anchors."""
        ...

    async def counts(self, since_ms: int) -> Mapping[str, int]:
        """`in`, `out`, `failed`, `unknown`, `dead`, `open` since then (the last two: now)."""
        ...

    async def size(self) -> int:
        """Bytes on disk."""
        ...
