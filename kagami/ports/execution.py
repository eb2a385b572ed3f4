"""One event in the hands of a worker, and the workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import msgspec

from kagami.model.action import Action, Receipt
from kagami.model.event import Event
from kagami.model.ids import ExecutionId
from kagami.model.principal import Principal
from kagami.model.trace import Outcome
from kagami.ports.store import StorePut


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

    def savepoint(self) -> Callable[[], None]:
        """A function that forgets the writes which are staged from here on: for a handler that failed among others."""
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

    def close(self) -> None:
        """End the open questions with a word to whoever was asked, and let nobody ask any more."""
        ...


class Handled(msgspec.Struct, frozen=True):
    """What a runtime did. `plugin` is `id@version` of who handled it, empty when nobody wanted it."""

    plugin: str = ""
    outcome: Outcome = "ignored"


class Runtime(Protocol):
    """The plugin host, as the pipeline sees it. An exception means: try again later."""

    def wants(self, execution: Execution) -> bool:
        """False when nobody would do anything with it. Asked of every event, so it has to be quick."""
        ...

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


class Outbox(Protocol):
    async def send(
        self, execution: ExecutionId, ordinal: int, action: Action, journal: dict[int, Receipt] | None = None
    ) -> Receipt:
        """Record, pace, send, record. The receipt is also kept in the store.

        What must not be made again is put into `journal` by its ordinal, also when this call is cancelled meanwhile.
        """
        ...
