"""What a handler holds in its hand: the event, and everything that it may do about it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from kagami.clock import Clock
from kagami.core.words import BOOLEAN, STRING, Kind, Word, images_of, kind_of, numbered, out_of_limits, words_of
from kagami.errors import DialogCancelled, DialogClosed
from kagami.i18n import Translate
from kagami.log import Log
from kagami.model.action import Call, Delete, Receipt, Send
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, UserId
from kagami.model.message import Message
from kagami.model.segment import Reply, Segment, Text
from kagami.plugins.dialogs import CANCEL_WORDS, Desk, Question
from kagami.plugins.scope import Scope
from kagami.plugins.settings import Settings
from kagami.plugins.values import PluginStore, Values
from kagami.ports import Execution

S = TypeVar("S", bound=Settings)
T = TypeVar("T")
Sayable = str | Segment | Message

ANSWER_SECONDS = 60.0
TRIES = 3


class CommandLine(NamedTuple):
    """A command as `/help` shows it; `usage` holds the prefix and the name."""

    plugin: str
    name: str
    aliases: tuple[str, ...]
    usage: str
    summary: str
    operator: bool


class Timed(Protocol):
    """A run whose time limit stands still while it waits for people."""

    def pause(self) -> None: ...

    def resume(self) -> None: ...


class Kit:
    """What all contexts of one running version share."""

    __slots__ = ("catalogue", "clock", "desk", "label", "log", "plugin", "scope", "settings", "translate", "values")

    def __init__(
        self,
        plugin: str,
        version: str,
        *,
        settings: Settings,
        scope: Scope,
        log: Log,
        desk: Desk,
        values: Values,
        clock: Clock,
        translate: Translate,
        catalogue: Callable[[], tuple[CommandLine, ...]],
    ) -> None:
        self.plugin = plugin
        self.label = f"{plugin}@{version}"
        self.settings = settings
        self.scope = scope
        self.log = log
        self.desk = desk
        self.values = values
        self.clock = clock
        self.translate = translate
        self.catalogue = catalogue


class Lifetime(Generic[S]):
    """A running plugin outside any event: what `@plugin.start` and `@plugin.stop` get."""

    __slots__ = ("_kit", "store")

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self.store = PluginStore(kit.plugin, kit.values, None)

    if not TYPE_CHECKING:
        # `typing` would remember the plugin's own classes in a cache and so keep an unloaded version alive.
        __class_getitem__ = classmethod(GenericAlias)

    @property
    def settings(self) -> S:
        return self._kit.settings  # type: ignore[return-value]

    @property
    def scope(self) -> Scope:
        """Owns what is started here: `scope.task`, `scope.on_close`, `scope.enter`."""
        return self._kit.scope

    @property
    def log(self) -> Log:
        return self._kit.log

    @property
    def t(self) -> Translate:
        return self._kit.translate


class Context(Generic[S]):
    """One event in the hands of one handler.

    `word` is the name by which a command was called, `groups` what an intent's pattern found: by number, 0 for all of
    it, and by name.
    """

    __slots__ = ("_execution", "_kit", "_store", "acted", "event", "groups", "run", "word")

    def __init__(
        self, kit: Kit, execution: Execution, *, word: str = "", groups: Mapping[int | str, str] | None = None
    ) -> None:
        self._kit = kit
        self._execution = execution
        self._store: PluginStore | None = None
        self.event: Event = execution.event
        self.word = word
        self.groups: Mapping[int | str, str] = groups or {}
        self.acted = False
        self.run: Timed | None = None

    if not TYPE_CHECKING:
        __class_getitem__ = classmethod(GenericAlias)

    @property
    def text(self) -> str:
        """What was typed, without pictures and mentions."""
        return self.event.text

    @property
    def user(self) -> UserId:
        return self.event.user

    @property
    def chat(self) -> ChatId:
        return self.event.chat

    @property
    def bot(self) -> BotId:
        return self.event.bot

    @property
    def settings(self) -> S:
        return self._kit.settings  # type: ignore[return-value]

    @property
    def scope(self) -> Scope:
        """Owns what outlives this handler: `scope.task`, `scope.on_close`, `scope.enter`."""
        return self._kit.scope

    @property
    def log(self) -> Log:
        return self._kit.log

    @property
    def t(self) -> Translate:
        """Translates Kagami's own texts into the configured language."""
        return self._kit.translate

    @property
    def store(self) -> PluginStore:
        """This plugin's own values."""
        if self._store is None:
            self._store = PluginStore(self._kit.plugin, self._kit.values, self._execution)
        return self._store

    @property
    def commands(self) -> tuple[CommandLine, ...]:
        """All commands of all plugins, by plugin and name; an operator's only for an operator."""
        operator = self._execution.admin is not None
        return tuple(each for each in self._kit.catalogue() if operator or not each.operator)

    async def reply(self, message: Sayable, *, quote: bool = False) -> Receipt:
        """Answer in the chat of the event; text is never parsed. `quote` refers to the message that came."""
        parts = as_message(message)
        if quote and self.event.message_id:
            parts = (Reply(self.event.message_id), *parts)
        return await self.send(self.event.chat, parts)

    async def send(self, chat: ChatId, message: Sayable) -> Receipt:
        """Say something in any chat of the account that the event came to."""
        self.acted = True
        return await self._execution.perform(Send(self.event.bot, chat, as_message(message)))

    async def delete(self, message_id: str) -> Receipt:
        """Take back a message of this chat."""
        self.acted = True
        return await self._execution.perform(Delete(self.event.bot, self.event.chat, message_id))

    async def call(self, name: str, **params: Any) -> Receipt:
        """A call of the platform's own, by its name; what it returned is `Sent.result`."""
        self.acted = True
        return await self._execution.perform(Call(self.event.bot, name, params))

    async def operate(self, request: msgspec.Struct) -> Any:
        """Call an operation as the operator who wrote the command; `Denied` for everybody else.

        Like waiting for people, it does not count towards the time limit: operations have limits of their own.
        """
        self.acted = True
        self._pause()
        try:
            return await self._execution.call(request)
        finally:
            self._resume()

    async def ask(
        self,
        prompt: Sayable,
        type: type[T] = str,  # type: ignore[assignment]  # noqa: A002
        *,
        ge: float | None = None,
        le: float | None = None,
        choices: Sequence[T] | None = None,
        timeout: float = ANSWER_SECONDS,  # noqa: ASYNC109 - of the answer, not of this call
        tries: int = TRIES,
        cancel: Sequence[str] | frozenset[str] = CANCEL_WORDS,
    ) -> T:
        """Ask the sender and return the answer as a `type` (see `kagami.core.words`).

        `ge` and `le` bound numbers (seconds for durations). A wrong answer is asked again, `tries` times in all.
        Raises `DialogTimeout`, `DialogCancelled` or `DialogClosed`; unhandled they end the handler with a short notice.
        """
        kind = numbered(choices) if choices is not None else kind_of(type)
        commands = any(str(choice).startswith(self._execution.prefix) for choice in choices or ())
        return await self._ask(prompt, Expected(kind, ge, le), timeout, tries, frozenset(cancel), commands=commands)  # type: ignore[no-any-return]

    async def confirm(self, prompt: Sayable, *, timeout: float = ANSWER_SECONDS, tries: int = TRIES) -> bool:  # noqa: ASYNC109
        """Ask for yes or no."""
        answer: bool = await self._ask(prompt, Expected(BOOLEAN), timeout, tries, CANCEL_WORDS)
        return answer

    async def choose(
        self,
        prompt: str,
        options: Sequence[T],
        *,
        timeout: float = ANSWER_SECONDS,  # noqa: ASYNC109
        tries: int = TRIES,
    ) -> T:
        """Show numbered options; the answer is a number or an option's own text."""
        lines = [prompt, *(f"{number}. {option}" for number, option in enumerate(options, 1))]
        return await self.ask("\n".join(lines), choices=options, timeout=timeout, tries=tries)

    async def wait_for(self, type: type[T] = str, *, timeout: float = ANSWER_SECONDS) -> T:  # type: ignore[assignment]  # noqa: A002, ASYNC109
        """The next message of this conversation that reads as a `type`, without asking. Others pass by."""
        expected = Expected(kind_of(type))
        async with self._question(wanted=expected.fits) as question:
            event = await self._answer(question, timeout)
        value: T = expected.read(event)
        return value

    async def _ask(
        self,
        prompt: Sayable,
        expected: Expected,
        timeout: float,  # noqa: ASYNC109
        tries: int,
        cancel: frozenset[str],
        *,
        commands: bool = False,
    ) -> Any:
        for _ in range(tries):
            # Open before the prompt is sent: a quick answer may come before the receipt.
            async with self._question(commands=commands) as question:
                await self.reply(prompt)
                event = await self._answer(question, timeout)
            if event.text.strip().casefold() in cancel:
                raise DialogCancelled
            try:
                value = expected.read(event)
            except ValueError:
                prompt = self.t("Please answer with {expected}.").format(expected=expected.kind.expected(self.t))
                continue
            problem = out_of_limits(value, ge=expected.ge, le=expected.le)
            if problem is None:
                return value
            prompt = self.t(problem[0]).format(limit=problem[1])
        raise DialogClosed(reason=self.t("too many answers that did not fit"))

    async def _answer(self, question: Question, seconds: float) -> Event:
        """Wait with the slot given back and the time limit standing still."""
        self._pause()
        try:
            async with self._execution.waiting():
                return (await question.answer(seconds)).event
        finally:
            self._resume()

    @asynccontextmanager
    async def _question(
        self, *, wanted: Callable[[Event], bool] | None = None, commands: bool = False
    ) -> AsyncIterator[Question]:
        """A question in this conversation. Its answer is closed with this event, read or not."""
        if self._kit.desk.closed:
            await asyncio.sleep(0)  # a handler that asks until it gets an answer must not hold up the loop
        with self._kit.desk.question(self.event.session, wanted=wanted, commands=commands) as question:
            try:
                yield question
            finally:
                if (answer := question.taken) is not None:
                    self._execution.consumed(answer)

    def _pause(self) -> None:
        if self.run is not None:
            self.run.pause()

    def _resume(self) -> None:
        if self.run is not None:
            self.run.resume()

    def end(self) -> None:
        """The event is done: what is written from now on is real at once."""
        if self._store is not None:
            self._store.execution = None
        # The two know each other: only the garbage collector would free them, and all that hangs on an event.
        self.run = None


class Expected(NamedTuple):
    """What an answer must be."""

    kind: Kind
    ge: float | None = None
    le: float | None = None

    def read(self, event: Event) -> Any:
        """The value in a message, or `ValueError`."""
        if self.kind.image:
            pictures = images_of(event.message)
            if not pictures:
                raise ValueError("no picture")
            return pictures[0]
        if self.kind is STRING:
            if not (text := event.text.strip()):
                raise ValueError("no text")
            return text
        words = words_of(event.message)
        if not words:
            raise ValueError("no word")
        if len(words) == 1:
            return self.kind.read(words[0])
        return self.kind.read(Word(event.text.strip(), 0))

    def fits(self, event: Event) -> bool:
        with suppress(ValueError):
            self.read(event)
            return True
        return False


def as_message(message: Sayable) -> Message:
    """Text, one part or a whole message as a message. `TypeError` for anything else."""
    if isinstance(message, str):
        return (Text(message),)
    if isinstance(message, Segment):
        return (message,)  # type: ignore[return-value]
    if isinstance(message, (tuple, list)):
        return tuple(message)
    raise TypeError(f"a message is a text, a part or a tuple of parts, not {type(message).__name__}")
