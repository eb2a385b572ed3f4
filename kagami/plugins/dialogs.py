"""Open questions: the next message of a conversation goes to the handler that waits for it, before any lane.

A command that some plugin has, and an operator's `#` command, are no answers: they end the question, and have their
turn when its handler has ended. Any other text is an answer, even one that starts with the command prefix. A question
that takes commands (its choices start with the prefix, say) takes these too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from kagami.clock import Clock
from kagami.errors import Conflict, DialogClosed, DialogLeft, DialogStopped, DialogTimeout, NotFound
from kagami.model.event import Event
from kagami.model.ids import ExecutionId, SessionKey
from kagami.plugins.scope import alarm
from kagami.plugins.values import Values
from kagami.ports import Answer, DialogRow, Execution, StorePut

CANCEL_WORDS = frozenset({"cancel", "取消"})
# A handler that waits has given its slot back: this bounds how many can.
MOST_QUESTIONS = 10_000
# Who asked the resumable questions of open events, by execution.
DIALOGS = "@dialogs"


class DialogSuspended(asyncio.CancelledError):
    """Ends a handler whose question outlives this process: its event stays open, and is handled again by the next."""


class Question:
    """One open question. `wanted` says whether a message can be its answer at all."""

    __slots__ = ("_clock", "asked", "commands", "future", "resumable", "since_ms", "until_ms", "wanted")

    def __init__(
        self, clock: Clock, wanted: Callable[[Event], bool] | None, *, commands: bool = False, resumable: bool = False
    ) -> None:
        self._clock = clock
        self.wanted = wanted
        self.commands = commands
        self.resumable = resumable
        self.asked = ("", "")  # by whom, `id@version`, and what
        self.since_ms = self.until_ms = clock.wall_ms()
        self.future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

    @property
    def taken(self) -> Answer | None:
        """The answer that came, read or not."""
        done = self.future.done() and not self.future.cancelled() and self.future.exception() is None
        return self.future.result() if done else None

    async def answer(self, seconds: float) -> Answer:
        """Wait for the answer; `DialogTimeout` after so many seconds of the clock."""
        self.until_ms = self._clock.wall_ms() + int(seconds * 1000)
        bell = alarm(self._clock, seconds, lambda: self.close(DialogTimeout()))
        try:
            return await self.future
        finally:
            bell.cancel()

    def close(self, reason: DialogClosed | DialogSuspended) -> None:
        """End it without an answer, unless it has one."""
        if not self.future.done():
            self.future.set_exception(reason)


class Questions:
    """The open questions of one running version of a plugin."""

    __slots__ = ("closed", "open")

    def __init__(self) -> None:
        self.open: set[Question] = set()
        self.closed = False

    def close(self, reason: Callable[[], DialogClosed]) -> None:
        """End them all, and let nobody ask any more."""
        self.closed = True
        for question in self.open:
            question.close(reason())


class Desk:
    """Implements `ports.Dialogs`. `is_command` and `is_operator` (a `#` command of an operator) are set by the host."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._open: dict[SessionKey, Question] = {}
        self.closed = False
        self.is_command: Callable[[Event], bool] = _never
        self.is_operator: Callable[[Event], bool] = _never

    def __len__(self) -> int:
        return len(self._open)

    def offer(self, answer: Answer) -> bool:
        if not self._open:
            return False
        event = answer.event
        question = self._open.get(event.session)
        if question is None or event.kind != "message" or question.future.done():
            return False
        if not question.commands and (self.is_command(event) or self.is_operator(event)):
            question.close(DialogLeft())
            return False
        if question.wanted is not None and not question.wanted(event):
            return False
        question.future.set_result(answer)
        return True

    def rows(self) -> list[DialogRow]:
        """What is open, the oldest first."""
        return [_row(key, question) for key, question in self._open.items() if not question.future.done()]

    def end(self, key: SessionKey) -> DialogRow:
        """End a question as if its time were up; `NotFound` when there is none."""
        question = self._open.get(key)
        if question is None or question.future.done():
            raise NotFound(what="question", name=f"{key.user} {key.chat}")
        question.close(DialogTimeout())
        return _row(key, question)

    def close(self) -> None:
        self.closed = True
        for question in self._open.values():
            question.close(_end(resumable=question.resumable))

    @contextmanager
    def question(
        self,
        key: SessionKey,
        *,
        wanted: Callable[[Event], bool] | None = None,
        commands: bool = False,
        resumable: bool = False,
        among: Questions | None = None,
        asked: tuple[str, str] = ("", ""),
    ) -> Iterator[Question]:
        """Open a question in a conversation; `Conflict` when it has one already. `asked` is by whom and what, to show.

        After `close` it raises `DialogStopped`, or `DialogSuspended` for a question that is resumable.
        """
        if self.closed:
            raise _end(resumable=resumable)
        if key in self._open:
            raise Conflict(reason="A question is open in this conversation already.")
        if len(self._open) >= MOST_QUESTIONS:
            raise Conflict(reason="Too many questions are open.")
        question = self._open[key] = Question(self._clock, wanted, commands=commands, resumable=resumable)
        question.asked = asked
        siblings = among.open if among else set()
        siblings.add(question)
        try:
            yield question
        finally:
            del self._open[key]
            siblings.discard(question)
            # An answer that came while the handler was being ended has no reader any more.
            question.future.cancel()


class Asker(msgspec.Struct, frozen=True):
    """The version that asked."""

    plugin: str
    version: str


async def note_asker(values: Values, execution: Execution, plugin: str, version: str) -> None:
    """Keep who asks, at once; it is forgotten together with the event's end."""
    key = execution.event.execution
    await values.put_many((StorePut(DIALOGS, key, msgspec.json.encode(Asker(plugin, version)).decode()),))
    execution.stage(StorePut(DIALOGS, key, None))


async def asked_by(values: Values, execution: ExecutionId) -> tuple[str, str] | None:
    """The plugin and the version that have to handle this event, because they asked a resumable question in it.

    Worth a look only for an event that was tried before.
    """
    kept = await values.get(DIALOGS, execution)
    if kept is None:
        return None
    asker = msgspec.json.decode(kept, type=Asker)
    return asker.plugin, asker.version


def _end(*, resumable: bool) -> DialogStopped | DialogSuspended:
    return DialogSuspended() if resumable else DialogStopped()


def _row(key: SessionKey, question: Question) -> DialogRow:
    plugin, prompt = question.asked
    return DialogRow(*key, plugin, prompt, question.since_ms, question.until_ms, question.resumable)


def _never(event: Event) -> bool:  # noqa: ARG001
    return False
