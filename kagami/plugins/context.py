"""What a handler holds in its hand: the event, and everything that it may do about it."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from datetime import UTC, datetime
from types import GenericAlias
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from kagami.i18n import Translate
from kagami.log import Log
from kagami.model.action import Action, Call, Delete, Receipt, Send
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, UserId
from kagami.model.segment import Reply
from kagami.plugins.asking import Asking, Timed
from kagami.plugins.dialogs import DialogSuspended
from kagami.plugins.jobs import PluginJobs
from kagami.plugins.kit import CommandLine, Kit, present
from kagami.plugins.sayable import Sayable, as_message
from kagami.plugins.scope import Scope
from kagami.plugins.settings import Settings
from kagami.plugins.values import PluginStore
from kagami.plugins.veil import Veil
from kagami.ports import Execution, Http, Media

__all__ = ["CommandLine", "Context", "Kit", "Lifetime", "Sayable", "as_message"]

S = TypeVar("S", bound=Settings)


class Lifetime(Generic[S]):
    """A running plugin outside any event: what `@plugin.start` and `@plugin.stop` get."""

    __slots__ = ("_jobs", "_kit", "store")

    def __init__(self, kit: Kit) -> None:
        self._kit = kit
        self._jobs: PluginJobs | None = None
        self.store = PluginStore(kit.namespace, kit.values, None)

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

    @property
    def language(self) -> str:
        """As a context's."""
        return self._kit.language

    @property
    def jobs(self) -> PluginJobs:
        """Schedules what `@plugin.job` declared, in no conversation."""
        if self._jobs is None:
            self._jobs = _jobs(self._kit, None)
        return self._jobs

    @property
    def http(self) -> Http:
        """As a context's."""
        return present(self._kit.http, "http")

    @property
    def media(self) -> Media:
        """As a context's."""
        return present(self._kit.media, "media")


class Context(Asking, Generic[S]):
    """One event in the hands of one handler.

    `word` is the name by which a command was called, `groups` what an intent's pattern found: by number, 0 for all of
    it, and by name.
    """

    __slots__ = (
        "_execution",
        "_jobs",
        "_kit",
        "_store",
        "acted",
        "event",
        "groups",
        "run",
        "word",
    )

    def __init__(
        self, kit: Kit, execution: Execution, *, word: str = "", groups: Mapping[int | str, str] | None = None
    ) -> None:
        super().__init__()
        self._kit = kit
        self._execution = execution
        self._store: PluginStore | None = None
        self._jobs: PluginJobs | None = None
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
    def prefix(self) -> str:
        """What commands begin with."""
        return self._execution.prefix

    def now(self) -> datetime:
        """The time, in the machine's zone; a test's clock has its own."""
        return datetime.fromtimestamp(self._kit.clock.wall_ms() / 1000, UTC).astimezone()

    @property
    def roles(self) -> frozenset[str]:
        """All that the sender has."""
        return self._kit.roles(self.event)

    def may(self, role: str) -> bool:
        """Whether the sender has a role: `member`, `admin`, `owner`, `super`, or one that operators give."""
        return role in self.roles

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
    def language(self) -> str:
        """In which Kagami answers: `en` or `zh`."""
        return self._kit.language

    @property
    def store(self) -> PluginStore:
        """This plugin's own values."""
        if self._store is None:
            self._store = PluginStore(self._kit.namespace, self._kit.values, self._execution)
        return self._store

    @property
    def jobs(self) -> PluginJobs:
        """Schedules what `@plugin.job` declared, in this conversation."""
        if self._jobs is None:
            self._jobs = _jobs(self._kit, self._execution)
        return self._jobs

    @property
    def http(self) -> Http:
        """Requests to the hosts that the manifest names: `answer = await ctx.http.get(url, params={"q": "x"})`.

        `answer` has `status`, `ok`, `headers`, `text`, `body` and `json()`; every status is one. `Denied` names the
        permission that is missing, `Refused` a private address, `Unavailable` says why there is no answer.
        """
        return present(self._kit.http, "http")

    @property
    def media(self) -> Media:
        """Files by reference: `await ctx.reply(Image(await ctx.media.keep(content)))`.

        `fetch` keeps what an address leads to, `read` gives the bytes of what a message refers to.
        """
        return present(self._kit.media, "media")

    @property
    def privacy(self) -> Veil:
        """For texts that go to a language model or another service: `mask` what goes, `restore` what comes back."""
        return Veil(self._kit.privacy, self.event, "models")

    @property
    def commands(self) -> tuple[CommandLine, ...]:
        """All commands of all plugins, by plugin and name; an operator's only for an operator."""
        operator = self._execution.admin is not None
        return tuple(each for each in self._kit.catalogue() if operator or not each.operator)

    @property
    def execution(self) -> Execution:
        """The event's way through the house, for runtimes that hand it on."""
        return self._execution

    async def reply(self, message: Sayable, *, quote: bool = False) -> Receipt:
        """Answer in the chat of the event; text is never parsed. `quote` refers to the message that came."""
        parts = as_message(message)
        if quote and self.event.message_id:
            parts = (Reply(self.event.message_id), *parts)
        return await self.send(self.event.chat, parts)

    async def send(self, chat: ChatId, message: Sayable, *, bot: BotId | None = None) -> Receipt:
        """Say something in any chat, of the account that the event came to when no other is named."""
        return await self._perform(Send(bot or self.event.bot, chat, as_message(message)))

    async def delete(self, message_id: str) -> Receipt:
        """Take back a message of this chat."""
        return await self._perform(Delete(self.event.bot, self.event.chat, message_id))

    async def call(self, name: str, /, **params: Any) -> Receipt:
        """A call of the platform's own, by its name; what it returned is `Sent.result`."""
        return await self._perform(Call(self.event.bot, name, params))

    async def operate(self, request: msgspec.Struct) -> Any:
        """Call an operation as the operator who wrote the command; `Denied` for everybody else.

        Like waiting for people, it does not count towards the time limit: operations have limits of their own.
        """
        self._act()
        self._pause()
        try:
            return await self._execution.call(request)
        finally:
            self._resume()

    def _perform(self, action: Action) -> Awaitable[Receipt]:
        self._act()
        self._replayed = self._execution.restarted and self._execution.replays
        return self._execution.perform(action)

    def _act(self) -> None:
        """A handler that a stop has suspended is run again: what it did in its `finally` would stand in its way."""
        if self.suspended:
            raise DialogSuspended
        self.acted = True

    def end(self) -> None:
        """The event is done: what is written from now on is real at once."""
        if self._store is not None:
            self._store.execution = None
        if self._jobs is not None:
            self._jobs.execution = None
        # The two know each other: only the garbage collector would free them, and all that hangs on an event.
        self.run = None


def _jobs(kit: Kit, execution: Execution | None) -> PluginJobs:
    return PluginJobs(kit.plugin, present(kit.scheduler, "jobs").agenda, execution)
