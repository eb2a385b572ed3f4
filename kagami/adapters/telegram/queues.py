"""Requests in the order in which they were asked for, and none before Telegram allows it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

from kagami.adapters.telegram.wire import Answer
from kagami.clock import Clock
from kagami.core.backoff import Randomness

LONGEST_WAIT_S = 60.0
TOO_MANY = 429
_MOST_CHATS = 1000
_JITTER_S = 0.5


class _Turn:
    """Whose turn it is in one chat."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()


class ChatQueues:
    """One queue for each chat. After a 429 nothing goes to a chat until the time that Telegram named is over."""

    def __init__(self, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._random = randomness
        self._turns: WeakValueDictionary[str, _Turn] = WeakValueDictionary()
        self._blocked: dict[str, float] = {}

    async def run(self, chat: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer to a request when its turn has come; one that says 429 where it would have to wait too long."""
        turn = self._turns.setdefault(chat, _Turn())
        async with turn.lock:
            began = self._clock.monotonic()
            while True:
                wait = self._blocked.get(chat, began) - self._clock.monotonic()
                if self._clock.monotonic() + wait - began > LONGEST_WAIT_S:
                    return Answer(ok=False, error_code=TOO_MANY, description=f"Telegram wants {wait:.0f} s of quiet")
                if wait > 0:
                    await self._clock.sleep(wait + _JITTER_S * self._random())
                answer = await ask()
                if answer.error_code != TOO_MANY:
                    return answer
                self._block(chat, max(1, answer.parameters.retry_after))

    def _block(self, chat: str, seconds: float) -> None:
        now = self._clock.monotonic()
        if len(self._blocked) >= _MOST_CHATS:
            self._blocked = {each: until for each, until in self._blocked.items() if until > now}
        self._blocked[chat] = now + seconds
