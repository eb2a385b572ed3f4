"""Asking people: the half of a context that puts questions and reads answers.

A question survives a restart by replay: its handler is run again, what it sent is answered from the journal, and the
answers that it had come again. A resumable question then waits on silently. Any other that had been asked and not
answered is closed with a notice, and so is every question that a command of the same person overtakes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol, TypedDict, TypeVar, Unpack

from kagami.core.words import BOOLEAN, kind_of, numbered
from kagami.errors import (
    DialogCancelled,
    DialogClosed,
    DialogInterrupted,
    DialogLeft,
    DialogReplaced,
    DialogTimeout,
)
from kagami.i18n import Translate
from kagami.model.action import Receipt
from kagami.model.event import Event
from kagami.model.message import preview
from kagami.plugins.dialogs import CANCEL_WORDS, DialogSuspended, note_asker
from kagami.plugins.expected import Expected
from kagami.plugins.form import SKIP_WORDS, blanks_of
from kagami.plugins.kit import Kit
from kagami.plugins.sayable import Sayable, as_message
from kagami.ports import Execution

T = TypeVar("T")

ANSWER_SECONDS = 60.0
TRIES = 3
PROMPT_KEPT = 300
_SKIPPED = object()


class Timed(Protocol):
    """A run whose time limit stands still while it waits for people."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Terms(TypedDict, total=False):
    """How a question is put.

    `timeout` (60) is in seconds and ends in `DialogTimeout`; unhandled it says `timeout_text`, nothing when that is
    empty. A wrong answer is asked again, `tries` (3) times in all, then it ends in `DialogClosed`. Words of `cancel`,
    whatever their case, end in `DialogCancelled`. A command ends in `DialogLeft`, unless `commands` are answers.
    `resumable` lets the question survive a restart: the handler is then run again from its beginning, with the same
    receipts and answers up to this question, so it has to do the same again.
    """

    timeout: float
    timeout_text: str | None
    tries: int
    cancel: Collection[str]
    commands: bool
    resumable: bool


class Inquiry(NamedTuple):
    """One question as it goes out, at most once said. An answer has to read as the type `wanted`, when one is given."""

    prompt: Sayable | None
    seconds: float = ANSWER_SECONDS
    wanted: Any = None
    commands: bool = False
    resumable: bool = False


class Asking:
    """Mixed into `Context`, which has the rest of what is used here."""

    # A command overtook a question; who asks is kept; the last action was made before a restart.
    __slots__ = ("_left", "_noted", "_replayed", "suspended")

    _kit: Kit
    _execution: Execution
    event: Event
    run: Timed | None

    def __init__(self) -> None:
        self._left = self._noted = self._replayed = False
        self.suspended = False

    @property
    def t(self) -> Translate:
        raise NotImplementedError

    async def reply(self, message: Sayable, *, quote: bool = False) -> Receipt:
        raise NotImplementedError

    async def ask(
        self,
        prompt: Sayable,
        type: type[T] = str,  # type: ignore[assignment]  # noqa: A002
        *,
        ge: float | None = None,
        le: float | None = None,
        choices: Sequence[T] | None = None,
        **terms: Unpack[Terms],
    ) -> T:
        """Ask the sender and return the answer as a `type` (see `kagami.core.words`).

        `ge` and `le` bound numbers (seconds for durations); of `choices` one is taken by its text or number. Commands
        are answers when a choice starts with the command prefix. The errors of `Terms`, unhandled, end the handler
        with a short notice.
        """
        if choices is not None:
            terms.setdefault("commands", any(str(each).startswith(self._execution.prefix) for each in choices))
        kind = numbered(choices) if choices is not None else kind_of(type)
        return await self._ask(prompt, Expected(kind, ge, le), terms)  # type: ignore[no-any-return]

    async def confirm(self, prompt: Sayable, **terms: Unpack[Terms]) -> bool:
        """Ask for yes or no."""
        answer: bool = await self._ask(prompt, Expected(BOOLEAN), terms)
        return answer

    async def choose(self, prompt: str, options: Sequence[T], **terms: Unpack[Terms]) -> T:
        """Show numbered options; the answer is a number or an option's own text."""
        lines = [prompt, *(f"{number}. {option}" for number, option in enumerate(options, 1))]
        return await self.ask("\n".join(lines), choices=options, **terms)

    async def form(self, kind: type[T], **terms: Unpack[Terms]) -> T:
        """Ask for every field of a Struct or dataclass, in order, and return one of it.

        `Annotated[int, Ask("How many days?", ge=1)]` says how. What has a default or may be None can be skipped.
        """
        answers: dict[str, Any] = {}
        for blank in blanks_of(kind):
            skip = SKIP_WORDS if blank.optional else frozenset[str]()
            prompt = blank.prompt
            if skip:
                prompt = self.t("{prompt} (“-” skips it)").format(prompt=prompt)
            value = await self._ask(prompt, blank.expected, terms, skip=skip)
            if value is not _SKIPPED:
                answers[blank.name] = value
            elif blank.no_default:
                answers[blank.name] = None
        return kind(**answers)

    async def wait_for(self, type: type[T] = str, **terms: Unpack[Terms]) -> T:  # type: ignore[assignment]  # noqa: A002
        """The next message of this conversation that reads as a `type`, without asking. Others pass by."""
        value: T = Expected(kind_of(type)).read(await self._hear(None, terms, wanted=type))
        return value

    async def put(self, inquiry: Inquiry) -> Event:
        """Say the prompt and wait for the message that answers it: all questions of a context come through here.

        A context in a child process overrides it to put the question to its host, which calls it there.
        """
        await self._may_ask()
        if inquiry.resumable and not self._noted:
            self._noted = True
            await note_asker(self._kit.values, self._execution, self._kit.plugin, self._kit.version)
        try:
            return await self._question(inquiry)
        except DialogLeft:
            self._left = True
            raise
        except DialogSuspended:
            self.suspended = True
            raise

    async def _ask(
        self, prompt: Sayable, expected: Expected, terms: Terms, *, skip: frozenset[str] = frozenset()
    ) -> Any:
        cancel = {word.casefold() for word in terms.get("cancel", CANCEL_WORDS)}
        for _ in range(terms.get("tries", TRIES)):
            event = await self._hear(prompt, terms)
            word = event.text.strip().casefold()
            if word in cancel:
                raise DialogCancelled
            if word in skip:
                return _SKIPPED
            value, prompt = expected.judge(event, self.t)
            if not prompt:
                return value
        raise DialogClosed(reason=self.t("too many answers that did not fit"))

    async def _hear(self, prompt: Sayable | None, terms: Terms, *, wanted: Any = None) -> Event:
        try:
            return await self.put(
                Inquiry(
                    prompt,
                    terms.get("timeout", ANSWER_SECONDS),
                    wanted,
                    commands=terms.get("commands", False),
                    resumable=terms.get("resumable", False),
                )
            )
        except DialogTimeout:
            if (said := terms.get("timeout_text")) is None:
                raise
            raise DialogTimeout(said=said) from None

    async def _may_ask(self) -> None:
        """A handler that asks until it gets an answer ends nowhere, but it must not hold up the loop."""
        kit = self._kit
        if self.suspended or self._left or kit.questions.closed or kit.desk.closed:
            await asyncio.sleep(0)
        if self.suspended:
            raise DialogSuspended
        if self._left:
            raise DialogLeft
        if kit.questions.closed:
            raise DialogReplaced

    async def _question(self, inquiry: Inquiry) -> Event:
        """Ask once. The answer is closed with this event, read or not."""
        kit, execution = self._kit, self._execution
        with kit.desk.question(
            self.event.session,
            wanted=None if inquiry.wanted is None else Expected(kind_of(inquiry.wanted)).fits,
            commands=inquiry.commands,
            resumable=inquiry.resumable,
            among=kit.questions,
            asked=(kit.label, "" if inquiry.prompt is None else preview(as_message(inquiry.prompt))[:PROMPT_KEPT]),
        ) as question:
            try:
                # It is open before the prompt is sent: a quick answer may come before the receipt.
                if inquiry.prompt is not None:
                    await self.reply(inquiry.prompt)
                self._pause()
                async with execution.waiting():
                    # An answer of before the restart has been offered again by now.
                    if self._replayed and not inquiry.resumable:
                        question.close(DialogInterrupted())
                    return (await question.answer(inquiry.seconds)).event
            finally:
                self._resume()
                if (answer := question.taken) is not None:
                    execution.consumed(answer)

    def _pause(self) -> None:
        if self.run is not None:
            self.run.pause()

    def _resume(self) -> None:
        if self.run is not None:
            self.run.resume()
