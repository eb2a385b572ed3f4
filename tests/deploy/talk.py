"""People who talk to NapCat's account, twenty messages a second, while something is done to the stack."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from secrets import token_hex
from typing import Any

RATE, GROUPS = 20, 8
ANSWERED_S = 60.0
ACCOUNT = "10001"

Ask = Callable[..., Any]


class Talk:
    """`ask(door, path, body)` is how NapCat's stand-in is spoken to. Words begin with `mark`, so that talks differ."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._mark = token_hex(3)
        first = int(self._mark, 16) + 1
        self._groups = [str(first + each) for each in range(GROUPS)]
        self.said: list[str] = []
        self._answered: Counter[str] = Counter()

    async def during(self, work: Callable[[], Any], *, least: int = 100) -> None:
        """Talk until `work`, in a thread of its own, is done, and for `least` messages at least."""
        async with asyncio.TaskGroup() as group:
            doing = group.create_task(asyncio.to_thread(work))
            while not doing.done() or len(self.said) < least:
                await asyncio.gather(self._say(), asyncio.sleep(1 / RATE))

    async def _say(self) -> None:
        number = len(self.said)
        word, group = f"{self._mark}-{number}", self._groups[number % GROUPS]
        self.said.append(word)
        await asyncio.to_thread(self._ask, "napcat", "/standin/say", {"text": f"/echo {word}", "group": group})

    async def settle(self) -> None:
        """Until every word was answered, or a minute after the last was said."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ANSWERED_S):
                while self.lost:
                    self._answered = Counter(await asyncio.to_thread(self._heard))
                    await asyncio.sleep(0.5)

    @property
    def lost(self) -> list[str]:
        return [word for word in self.said if not self._answered[word]]

    @property
    def doubled(self) -> list[str]:
        return [word for word in self.said if self._answered[word] > 1]

    def _heard(self) -> list[str]:
        chats = (self._ask("napcat", f"/standin/chat?group={each}") for each in self._groups)
        return [text for chat in chats for user, text in chat if user == ACCOUNT]
