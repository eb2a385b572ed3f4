"""A bot that is always online and whose messages go nowhere: the hub keeps them like any other's, the console shows
them from there.
"""

from __future__ import annotations

import secrets
from itertools import count

from kagami.clock import Clock
from kagami.core.pace import Pace
from kagami.model.action import Action, Failed, Receipt, Send, Sent
from kagami.model.event import Event, Sender
from kagami.model.ids import RANDOM_BITS, BotId, ChatId, ExecutionId, UserId, execution_id, split_id
from kagami.model.message import text as text_message
from kagami.ports import BotHealth, Intake

SANDBOX = BotId("sandbox:local")


class SandboxBot:
    """Implements `ports.Bot` and `ports.Sandbox`."""

    def __init__(self, intake: Intake, clock: Clock) -> None:
        self._intake = intake
        self._clock = clock
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

    async def say(self, text: str, *, user: str, chat: ChatId, name: str) -> ExecutionId:
        """Speak as `user`; returns when the message is on disk."""
        read_at, now_ms = self._clock.monotonic(), self._clock.wall_ms()
        execution = execution_id(now_ms, secrets.randbits(RANDOM_BITS))
        kind, _ = split_id(chat)
        private = kind == "private"
        event = Event(
            execution,
            SANDBOX,
            "message",
            "private" if private else "group",
            chat,
            UserId(user),
            now_ms,
            # The execution is new for each message, across restarts too; a running number is not.
            dedupe=f"m:{execution}",
            message=text_message(text),
            message_id=f"u{next(self._numbers)}",
            sender=Sender(name),
            mentioned=private,
        )
        self._last_event_ms = now_ms
        await self._intake.accept(event, read_at)
        return execution
