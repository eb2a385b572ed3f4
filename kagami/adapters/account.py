"""One account of a platform that is not OneBot: its health, and what goes in and out of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from kagami import log
from kagami.adapters.kit import Kit
from kagami.core.pace import Pace
from kagami.core.pulse import Pulse
from kagami.errors import KagamiError, NotReached, Refused, Unavailable, WireError
from kagami.model.action import Action, Failed, Receipt, Send, Unknown
from kagami.model.event import Event
from kagami.model.ids import BotId
from kagami.ports import BotHealth, BotState, Intake

CROWDED_SECONDS = 0.005
# Which of the two it is changes with each attempt; it has been away since the first.
TRYING: frozenset[BotState] = frozenset({"connecting", "backoff"})

_say = log.get("adapters")

Perform = Callable[[Action], Awaitable[Receipt]]


class Account:
    """Implements `ports.Bot`. Its link says how it is by `tell` and brings events by `take`.

    `perform` may raise the house's errors: `NotReached` and `Refused` mean that nothing was done, `Unavailable` and
    `WireError`, an answer that nobody understands, that it may have been.
    """

    def __init__(
        self, bot: BotId, adapter: str, kit: Kit, intake: Intake, *, perform: Perform, name: str = "", pace: Pace
    ) -> None:
        self._bot = bot
        self._adapter = adapter
        self._kit = kit
        self._intake = intake
        self._perform = perform
        self._given_name, self._nickname = name, ""
        self._pace = pace
        self._state: BotState = "connecting"
        self._reason = ""
        self._silence = ""
        self._since_ms = kit.clock.wall_ms()
        self._last_event_ms = 0
        self._joined = 0
        self._peer = ""
        self._rtt_ms = 0.0
        self._pulse = Pulse(kit.clock.monotonic())
        self._coming: dict[str, asyncio.Event] = {}
        self.leave: Callable[[str], Awaitable[None]] | None = None  # how an operator ends the connection

    # --- ports.Bot ---

    @property
    def id(self) -> BotId:
        return self._bot

    @property
    def name(self) -> str:
        return self._given_name or self._nickname or self._bot

    @property
    def adapter(self) -> str:
        return self._adapter

    @property
    def pace(self) -> Pace:
        return self._pace

    @property
    def reachable(self) -> bool:
        return self._state == "online"

    def health(self) -> BotHealth:
        state: BotState = "silent" if self._state == "online" and self._silence else self._state
        return BotHealth(
            state,
            self._silence if state == "silent" else self._reason,
            self._since_ms,
            self._last_event_ms,
            self._pulse.usual_gap,
            max(0, self._joined - 1),
            self._peer,
            self._rtt_ms,
        )

    async def perform(self, action: Action) -> Receipt:
        if not self.reachable:
            return Failed(f"{self._bot} is not connected: {self._reason or self._state}", "offline")
        return await self._told(self._perform(action))

    async def _told(self, work: Awaitable[Receipt]) -> Receipt:
        """The receipt of work whose errors are told in one."""
        try:
            return await work
        except (NotReached, Refused) as error:
            return Failed(error.text())
        except (Unavailable, WireError) as error:
            return Unknown(error.text())
        except KagamiError as error:
            return Failed(error.text(), error.code)

    async def close(self, reason: str) -> None:
        if self.leave is not None:
            await self.leave(reason)

    # --- for its link ---

    def configure(self, *, name: str, pace: Pace) -> None:
        self._given_name, self._pace = name, pace

    def called(self, nickname: str) -> None:
        """What the account calls itself."""
        self._nickname = nickname[:64]

    def tell(self, state: BotState, reason: str = "", *, peer: str = "") -> None:
        """How the connection is. `reason` is English and holds nothing secret."""
        before, self._peer = self._state, peer or self._peer
        self._state, self._reason = state, reason
        if state != before and not {state, before} <= TRYING:
            self._since_ms = self._kit.clock.wall_ms()
        if state == before:
            return
        if state == "online":
            self._joined += 1
            self._pulse.reconnected(self._kit.clock.monotonic())
            _say.info("connected", bot=self._bot, peer=self._peer)
            self._intake.attach(self)  # whoever waits for it looks again
        elif before == "online":
            _say.info("disconnected", bot=self._bot, reason=reason)
        if state == "auth_failed":
            _say.error("credentials refused, not trying again", bot=self._bot, reason=reason)

    def heard(self, rtt_ms: float = 0.0) -> None:
        """A sign of life that is no event."""
        self._pulse.frame(self._kit.clock.monotonic())
        self._rtt_ms = rtt_ms or self._rtt_ms

    async def take(self, event: Event, read_at: float) -> bool:
        """An event; on disk when it ends, so that it may be acknowledged. False when it was known already.

        One that comes twice at once is acknowledged when the first of the two is on disk.
        """
        now = self._kit.clock.monotonic()
        self._pulse.event(now)
        self._last_event_ms = self._kit.clock.wall_ms()
        self._mark("")
        before = self._coming.get(event.dedupe)
        if before is not None:
            await before.wait()
            return await self._intake.accept(event, read_at)
        settled = self._coming[event.dedupe] = asyncio.Event()
        try:
            return await self._intake.accept(event, read_at)
        finally:
            del self._coming[event.dedupe]
            settled.set()

    async def room(self) -> None:
        """Ends when more events can be kept: pollers wait for it before they ask for more."""
        while self._intake.crowded:
            await self._kit.clock.sleep(CROWDED_SECONDS)

    def complain(self, reason: str, frame: bytes) -> None:
        """Keep what is not the protocol, for people to see."""
        self._intake.complain(self._bot, reason, frame)

    async def watch(self) -> None:
        """Look now and then whether it has grown silent; until cancelled."""
        while True:
            verdict = self._pulse.verdict(self._kit.clock.monotonic())
            self._mark(verdict.reason if self._state == "online" else "")
            await self._kit.clock.sleep(verdict.recheck)

    def _mark(self, reason: str) -> None:
        if bool(reason) != bool(self._silence):
            self._since_ms = self._kit.clock.wall_ms()
            _say.warning("silent", bot=self._bot, reason=reason) if reason else _say.info("heard again", bot=self._bot)
        self._silence = reason


class KeyedAccount(Account):
    """Implements `ports.Keyed`: its platform takes a key with a message, for `keyed_s` seconds.

    `once` is its link's, and may raise what `perform` may.
    """

    def __init__(
        self, *given: Any, once: Callable[[Send, str], Awaitable[Receipt]], keyed_s: float, **more: Any
    ) -> None:
        super().__init__(*given, **more)
        self._once = once
        self._keyed_s = keyed_s

    @property
    def keyed_s(self) -> float:
        return self._keyed_s

    async def perform_once(self, send: Send, key: str) -> Receipt:
        if not self.reachable:
            return await self.perform(send)
        return await self._told(self._once(send, key))
