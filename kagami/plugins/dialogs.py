"""Open questions: the next message of a conversation goes to the handler that waits for it, before any lane.

What is never an answer: a command that some plugin has, and an operator's `#` command. Any other text is, even one
that starts with the command prefix. A question whose choices start with the prefix themselves takes commands too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kagami.clock import Clock
from kagami.errors import Conflict, DialogClosed, DialogStopped, DialogTimeout
from kagami.model.event import Event
from kagami.model.ids import SessionKey
from kagami.plugins.scope import alarm
from kagami.ports import Answer

CANCEL_WORDS = frozenset({"cancel", "取消"})
# A handler that waits has given its slot back: this bounds how many can.
MOST_QUESTIONS = 10_000


class Question:
    """One open question. `wanted` says whether a message can be its answer at all."""

    __slots__ = ("_clock", "commands", "future", "wanted")

    def __init__(self, clock: Clock, wanted: Callable[[Event], bool] | None, *, commands: bool) -> None:
        self._clock = clock
        self.wanted = wanted
        self.commands = commands
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    @property
    def taken(self) -> Answer | None:
        """The answer that came, read or not."""
        done = self.future.done() and not self.future.cancelled() and self.future.exception() is None
        return self.future.result() if done else None

    async def answer(self, seconds: float) -> Answer:
        """Wait for the answer; `DialogTimeout` after so many seconds of the clock."""
        bell = alarm(self._clock, seconds, lambda: self.close(DialogTimeout()))
        try:
            return await self.future
        finally:
            bell.cancel()

    def close(self, reason: DialogClosed) -> None:
        """End it without an answer, unless it has one."""
        if not self.future.done():
            self.future.set_exception(reason)


class Desk:
    """Implements `ports.Dialogs`. `is_command` is set by the plugin host."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[SessionKey, Question] = {}
        self.closed = False
        self.is_command: Callable[[Event], bool] = _no_command

    def __len__(self) -> int:
        return len(self._open)

    def offer(self, answer: Answer) -> bool:
        if not self._open:
            return False
        event = answer.event
        question = self._open.get(event.session)
        if question is None or event.kind != "message" or question.future.done():
            return False
        if not question.commands and self.is_command(event):
            return False
        if question.wanted is not None and not question.wanted(event):
            return False
        question.future.set_result(answer)
        return True

    def close(self) -> None:
        self.closed = True
        for question in self._open.values():
            question.close(DialogStopped())

    @contextmanager
    def question(
        self, key: SessionKey, *, wanted: Callable[[Event], bool] | None = None, commands: bool = False
    ) -> Iterator[Question]:
        """Open a question in a conversation; `Conflict` when it has one already, `DialogStopped` after `close`."""
        if self.closed:
            raise DialogStopped
        if key in self._open:
            raise Conflict(reason="A question is open in this conversation already.")
        if len(self._open) >= MOST_QUESTIONS:
            raise Conflict(reason="Too many questions are open.")
        question = self._open[key] = Question(self._clock, wanted, commands=commands)
        try:
            yield question
        finally:
            del self._open[key]
            # An answer that came while the handler was being ended has no reader any more.
            question.future.cancel()


def _no_command(event: Event) -> bool:  # noqa: ARG001
    return False
