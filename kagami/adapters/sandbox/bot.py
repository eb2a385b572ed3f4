"""A bot that is always online and whose messages go nowhere: the hub keeps them like any other's, the console shows
them from there.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import count

from kagami.clock import Clock
from kagami.core.pace import Pace
from kagami.model.action import Action, Failed, Receipt, Send, Sent
from kagami.model.event import Event, Kind, Sender
from kagami.model.ids import RANDOM_BITS, BotId, ChatId, ExecutionId, UserId, execution_id, split_id
from kagami.model.message import text as text_message
from kagami.model.segment import Image
from kagami.ports import BotHealth, Intake, Media

SANDBOX = BotId("sandbox:local")


class SandboxBot:
    """Implements `ports.Bot` and `ports.Sandbox`. `media` keeps the images that are sent in it."""

    def __init__(self, intake: Intake, clock: Clock, media: Media | None = None) -> None:
        self._intake = intake
        self._clock = clock
        self._media = media
        self._numbers = count(1)
        self._started_ms = clock.wall_ms()
        self._last_event_ms = 0

    @property
    def id(self) -> BotId:
        return SANDBOX

    @property
    def name(self) -> str:
        return "sandbox"

    @property
    def adapter(self) -> str:
        return "sandbox"

    @property
    def pace(self) -> Pace:
        return Pace()

    @property
    def reachable(self) -> bool:
        return True

    def health(self) -> BotHealth:
        return BotHealth("online", since_ms=self._started_ms, last_event_ms=self._last_event_ms)

    async def perform(self, action: Action) -> Receipt:
        if isinstance(action, Send):
            return Sent(f"s{next(self._numbers)}")
        return Failed("the sandbox has no platform to ask")

    async def close(self, reason: str) -> None:
        """There is nothing to close."""

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
        """Speak as `user`, or let something happen to them; returns when it is on disk."""
        read_at, now_ms = self._clock.monotonic(), self._clock.wall_ms()
        execution = execution_id(now_ms, secrets.randbits(RANDOM_BITS))
        private = split_id(chat)[0] == "private"
        kept = [await self._media.fetch(each) if self._media else each for each in images]
        event = Event(
            execution,
            SANDBOX,
            kind,
            happens or ("private" if private else "group"),
            chat,
            UserId(user),
            now_ms,
            # The execution is new for each message, across restarts too; a running number is not.
            dedupe=f"m:{execution}",
            message=() if happens else (*text_message(text), *map(Image, kept)),
            message_id="" if happens else f"u{next(self._numbers)}",
            sender=Sender(name),
            mentioned=private and not happens,
        )
        self._last_event_ms = now_ms
        await self._intake.accept(event, read_at)
        return execution
