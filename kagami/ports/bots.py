"""Accounts, the connections that bring them, and what the hub offers to both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from kagami.core.handshake import Welcome
from kagami.core.pace import Pace
from kagami.model.action import Action, Receipt, Send, Sent
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId
from kagami.ports.login import Login

BotState = Literal["connecting", "online", "silent", "backoff", "auth_failed", "crash_loop", "stopped"]
# The states of a bot that can be asked to say something.
ONLINE: tuple[BotState, ...] = ("online", "silent")


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

    @property
    def reachable(self) -> bool:
        """Whether a call would find somebody now."""
        ...

    def health(self) -> BotHealth: ...

    async def perform(self, action: Action) -> Receipt: ...

    async def close(self, reason: str) -> None: ...


@runtime_checkable
class Recalls(Protocol):
    """A bot whose platform can be asked what was said in a chat. Both are None where it cannot, after all."""

    async def catch_up(self, chat: ChatId, since_ms: int) -> int | None:
        """Take what others have said there since then, as if it came now; how much of it was new."""
        ...

    async def settle(self, send: Send, since_ms: int, taken: Collection[str]) -> Sent | None:
        """The receipt of a send that may have been made after `since_ms`, when the chat shows its message.

        `taken` are ids of messages that belong to other sends.
        """
        ...


@runtime_checkable
class Keyed(Protocol):
    """A bot whose platform makes a send once for a key, however often it is asked within `keyed_s` seconds."""

    @property
    def keyed_s(self) -> float: ...

    async def perform_once(self, send: Send, key: str) -> Receipt:
        """As `perform`; the same key with the same send makes no second message."""
        ...


class Intake(Protocol):
    """What the hub offers to adapters. Only the first of these may be called often; none of them blocks a reader."""

    def accept(self, event: Event, read_at: float, *, once: bool = False) -> Awaitable[bool]:
        """Take an event. The awaitable ends when it is on disk: True for a new event, False for a known one.

        Pollers and acknowledged pushes await it before they acknowledge; a OneBot reader does not. `read_at` is the
        monotonic time at which its frame was read. `once`: its platform does not bring it again.
        """
        ...

    @property
    def crowded(self) -> bool:
        """Events come faster than they can be kept: a reader should pause for a moment, or they will be refused."""
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
    """One configured connection. `run` returns only when cancelled."""

    @property
    def id(self) -> BotId:
        """Of whoever stands for the account at the moment."""
        ...

    def configure(self, config: Any) -> bool:
        """Go on with another table of the same kind; False when the connection has to be opened anew for it."""
        ...

    async def run(self, intake: Intake) -> None: ...

    def login(self) -> Login | None:
        """The login that is under way, begun when there is none; None where an account needs no login."""
        ...


@runtime_checkable
class Forgets(Protocol):
    """An adapter that has kept something by itself which nobody needs any more when its bot is removed."""

    async def forget(self) -> None:
        """To be called after `run` has ended."""
        ...


class Memory(Protocol):
    """What adapters have to know after a restart: cursors, tokens of chats. Not for credentials."""

    async def read(self, bot: BotId, key: str) -> str:
        """Empty when there is none."""
        ...

    async def items(self, bot: BotId, prefix: str = "") -> dict[str, str]: ...

    async def write(self, bot: BotId, values: Mapping[str, str]) -> None:
        """On disk when it ends; an empty text forgets a key."""
        ...


class Vault(Protocol):
    """Credentials that a login brought: files of the home's `secrets/`, for the owner alone, or sealed in the store."""

    async def read(self, name: str) -> bytes:
        """Empty when there is none."""
        ...

    async def write(self, name: str, content: bytes) -> None: ...

    async def delete(self, name: str) -> None: ...


class Socket(Protocol):
    """One open WebSocket. `receive` raises `EOFError` when it is closed.

    `send` raises `EOFError` when nothing of the frame was written, `ConnectionError` when some of it may have been.
    """

    @property
    def peer(self) -> str:
        """Address for people: `127.0.0.1:53122`."""
        ...

    async def receive(self) -> bytes: ...

    async def listen(self, hear: Callable[[bytes], None]) -> None:
        """Give every message to `hear` as it comes, until the connection ends (`EOFError`). `hear` must not wait."""
        ...

    async def send(self, frame: bytes) -> None: ...

    def pause_while(self, crowded: Callable[[], bool]) -> None:
        """Read nothing from the network until `crowded` says no; what was read already still comes."""
        ...

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


class BotRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`number` is what OneBot 11 applications know the account by; `node` the process that has it, if another has."""

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
    number: int = 0
    node: str = ""


class Bots(Protocol):
    def rows(self) -> list[BotRow]: ...

    def get(self, bot: BotId) -> Bot | None: ...


class BotList(Bots, Protocol):
    def listed(self) -> list[BotRow]:
        """Of `rows`, and the configured accounts that no process has at the moment."""
        ...
