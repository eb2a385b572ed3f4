"""One answer at a time: whoever asks meanwhile is answered by one more round, together with all the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Generic, TypeVar

Asked = TypeVar("Asked")


class Rounds(Generic[Asked]):
    """`answer` makes a round for everybody who asked since the last one was begun. One that fails ends the rounds."""

    def __init__(self, answer: Callable[[list[Asked]], Awaitable[None]]) -> None:
        self._answer = answer
        self._waiting: list[Asked] = []
        self._running = False

    @property
    def idle(self) -> bool:
        return not self._running

    def ask(self, asked: Asked, start: Callable[[Coroutine[Any, Any, None]], object]) -> None:
        """`start` runs the rounds in the background, if none are running."""
        self._waiting.append(asked)
        if not self._running:
            self._running = True
            start(self._run())

    async def _run(self) -> None:
        try:
            while self._waiting:
                asked, self._waiting = self._waiting, []
                await self._answer(asked)
        finally:
            self._running = False
