"""One event in the hands of a worker, and the workers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Literal, Protocol

import msgspec

from kagami.model.action import Action, Receipt
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.principal import Principal
from kagami.model.trace import Outcome
from kagami.ports.store import Fence, StorePut


class Execution(Protocol):
    """One event in the hands of a runtime."""

    @property
    def event(self) -> Event: ...

    @property
    def admin(self) -> Principal | None:
        """Set when the event is an operator's `#` command."""
        ...

    @property
    def only(self) -> str:
        """The one plugin that a rule gives the event to; empty for all of them."""
        ...

    @property
    def attempts(self) -> int:
        """How often this event was tried before; 0 the first time."""
        ...

    @property
    def restarted(self) -> bool:
        """Whether an earlier process had begun this event."""
        ...

    @property
    def replays(self) -> bool:
        """Whether the next `perform` was made by an earlier try and will only be remembered."""
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


class DialogRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question that is open: who asked it (`id@version`), what was said, since when, and until when at most.

    Times are wall milliseconds. A `resumable` one survives a restart.
    """

    bot: BotId
    chat: ChatId
    user: UserId
    plugin: str
    prompt: str
    since_ms: int
    until_ms: int
    resumable: bool = False


class ChatChoice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A chat that is kept on a version of a plugin, or in which the plugin is off; both of it may be empty.

    Without bot and chat it is off everywhere.
    """

    plugin: str
    bot: str = ""
    chat: str = ""
    version: str = ""
    off: bool = False
    since_ms: int = 0


class Handled(msgspec.Struct, frozen=True):
    """What a runtime did. `plugin` is `id@version` of who handled it, empty when nobody wanted it."""

    plugin: str = ""
    outcome: Outcome = "ignored"


class Runtime(Protocol):
    """The plugin host, as the pipeline sees it. An exception means: try again later."""

    def wants(self, execution: Execution) -> bool:
        """False when nobody would do anything with it. Asked of every event, so it has to be quick."""
        ...

    def serves(self, plugin: str) -> bool:
        """Whether a plugin is there and switched on."""
        ...

    def takers(self, event: Event, only: str = "") -> list[str]:
        """`id@version` of those that would do something with an event, the command's or the intent's owner first."""
        ...

    async def handle(self, execution: Execution) -> Handled: ...


VersionState = Literal["active", "canary", "draining", "standby", "failed", "parked", "quarantined", "recalled"]


class VersionRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of a plugin. Counts are of all processes together; `open` is how many events hold it, dialogs
    among them.

    `error` is why it does not serve, a whole traceback when there is one; `survivors` outlived an unload of it.
    `taken_back` is why it is a canary no more.
    """

    version: str
    state: VersionState
    weight: int = 0
    events: int = 0
    errors: int = 0
    p95_ms: float = 0.0
    open: int = 0
    since_ms: int = 0
    error: str = ""
    survivors: tuple[str, ...] = ()
    digest: str = ""
    signer: str = ""
    taken_back: str = ""


class PluginRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`version` is the one that serves, `canary` the one that gets `weight` percent of the chats, `previous` the one
    that served before, when that was an operator's choice.

    `state` is the worst that an operator should know: `active`, `failed`, `parked`, `quarantined`, `draining` or
    `disabled`. `versions` are all that are known, the highest first; `problems` are conflicts and the like.
    """

    id: str
    version: str
    name: str
    state: str
    builtin: bool = False
    description: str = ""
    author: str = ""
    runtime: str = "python"
    permissions: tuple[str, ...] = ()
    error: str = ""
    problems: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    canary: str = ""
    weight: int = 0
    previous: str = ""
    pinned: bool = False
    off_in: int = 0
    handled: int = 0
    failed: int = 0
    p95_ms: float = 0.0
    versions: tuple[VersionRow, ...] = ()


class ReloadRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`old` and `new` are versions; `error` says why it stayed; `survivors` what outlived the unload and its place.

    `open` is how many events still hold the old version: it is unloaded when they are done.
    """

    id: str
    old: str
    new: str
    error: str = ""
    survivors: tuple[str, ...] = ()
    open: int = 0


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One setting of a plugin, for a form. `kind` is `bool`, `int`, `float`, `text`, `choice`, `list` or `json`.

    `value` and `default` are plain JSON values; `origin` is as of `Settings.origin`.
    """

    name: str
    kind: str
    value: Any = None
    default: Any = None
    required: bool = False
    text: str = ""
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    origin: str = "default"


class Installed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A version that is on disk now. `signer` is a key's fingerprint, empty for an unsigned one."""

    id: str
    version: str
    digest: str = ""
    source: str = ""
    signer: str = ""
    permissions: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    at_ms: int = 0


class SyncRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the market has for one plugin. `act` is `update`, `keep` (pinned, or the newest already) or `recall`.

    `permissions` are those that the new version has and the old one had not; `changes` is the author's text.
    """

    id: str
    old: str
    new: str
    act: Literal["update", "keep", "recall"]
    permissions: tuple[str, ...] = ()
    changes: str = ""
    error: str = ""


class Suspects(Protocol):
    """The plugin host, as the watchdog sees it. Both may be called from any thread."""

    def blame(self, frames: Sequence[str]) -> str:
        """The plugin whose file is innermost among a stack's file names; empty when none is."""
        ...

    def blamed(self, plugin: str, seconds: float) -> None:
        """A plugin held up everything for so long."""
        ...


class Plugins(Protocol):
    """The plugin host, as an operator sees it. `NotFound` for a plugin or a version that is not there."""

    def rows(self) -> list[PluginRow]: ...

    async def reload(self, plugin: str | None) -> list[ReloadRow]: ...

    async def use(self, plugin: str, version: str, *, pin: bool = False) -> ReloadRow:
        """Serve this version as the stable one, whatever higher ones there are; an empty one: the highest again.

        `pin` also keeps updates from the market away.
        """
        ...

    async def rollback(self, plugin: str) -> ReloadRow:
        """Serve the version that was the stable one before, and end a canary."""
        ...

    async def remove(self, plugin: str, version: str) -> None:
        """Delete a version from the disk; `Refused` while it serves."""
        ...

    async def weigh(self, plugin: str, weight: int, version: str) -> PluginRow:
        """Give a version (empty: the present canary, or else the highest that does not serve) this share of chats."""
        ...

    async def promote(self, plugin: str) -> ReloadRow:
        """Make the canary the stable version."""
        ...

    async def pin_chat(self, plugin: str, bot: str, chat: str, version: str) -> None:
        """Keep a chat on a version; an empty one gives it back to the canary's choice."""
        ...

    def choices(self) -> list[ChatChoice]:
        """Chats that are kept on a version, and those where a plugin is off."""
        ...

    def dialogs(self) -> list[DialogRow]:
        """The open questions, the oldest first."""
        ...

    def end_dialog(self, bot: str, chat: str, user: str) -> DialogRow:
        """End the question of a conversation as if its time were up; `NotFound` when there is none."""
        ...

    async def switch(self, plugin: str, bot: str, chat: str, *, on: bool) -> None:
        """Turn a plugin off or on, in one chat or (empty) everywhere."""
        ...

    async def release(self, plugin: str) -> None:
        """End a quarantine or a breaker's pause."""
        ...

    def form(self, plugin: str) -> list[Field]:
        """Its settings, as they are for the version that serves."""
        ...

    def check(self, plugin: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """All settings of a plugin with these changed; `SettingError` for the first that is refused."""
        ...

    async def configure(self, plugin: str, values: Mapping[str, Any]) -> ReloadRow:
        """Serve with these settings from now on; they are all that the configuration says."""
        ...

    async def install(self, source: str) -> Installed: ...

    async def sync(self, *, dry_run: bool) -> list[SyncRow]: ...

    async def grant(self, role: str, user: str, *, on: bool) -> None:
        """Give a custom role to `platform:user id`, or take it."""
        ...

    def grants(self) -> dict[str, tuple[str, ...]]:
        """Users by custom role."""
        ...


class Outbox(Protocol):
    async def send(
        self,
        execution: ExecutionId,
        ordinal: int,
        action: Action,
        journal: dict[int, Receipt] | None = None,
        *,
        written: Callable[[], None] = lambda: None,
        worker: str = "",
        fence: Fence | None = None,
    ) -> Receipt:
        """Record, pace, send, record. The receipt is also kept in the store, with the `worker` whose send it is.

        What must not be made again is put into `journal` by its ordinal, also when this call is cancelled meanwhile.
        `written` is called when its turn has come and it is on disk, before the platform is asked.
        """
        ...
