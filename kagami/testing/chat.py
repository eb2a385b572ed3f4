"""Tests of plugins that read like a chat, in one process and without sockets.

async def test_greeting() -> None:
    async with chat_with(plugin, settings={"greeting": "Hi"}) as chat:
        await chat.says("/hello Ada")
        assert await chat.hears() == "Hi, Ada!"
        chat.assert_no_leaks()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from kagami.clock import Clock, SystemClock
from kagami.errors import Denied, KagamiError, PluginError
from kagami.i18n import Translate
from kagami.meters import Meters
from kagami.model.action import Action, Receipt, Send, Sent
from kagami.model.event import Event, Kind
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message, plain_text, text
from kagami.model.principal import Principal
from kagami.plugins.config import PluginsConfig
from kagami.plugins.dialogs import Desk
from kagami.plugins.host import Host
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.scope import start
from kagami.ports import Answer, Handled, StorePut

PLUGIN = "plugin"
ANSWER_SECONDS = 5.0


class MemoryValues:
    """Plugins' values in a dictionary: the part of a store that plugins see."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def get(self, plugin: str, key: str) -> str | None:
        return self.kept.get((plugin, key))

    async def keys(self, plugin: str, prefix: str) -> list[str]:
        return sorted(key for owner, key in self.kept if owner == plugin and key.startswith(prefix))

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        return {key: self.kept[plugin, key] for key in await self.keys(plugin, prefix)}

    async def put_many(self, writes: Sequence[StorePut]) -> None:
        for write in writes:
            if write.value is None:
                self.kept.pop((write.plugin, write.key), None)
            else:
                self.kept[write.plugin, write.key] = write.value


class ChatExecution:
    """Implements `ports.Execution` and `ports.Answer` for one event of a test chat."""

    def __init__(self, chat: PluginChat, event: Event, *, admin: Principal | None = None, attempts: int = 0) -> None:
        self._chat = chat
        self.event = event
        self.admin = admin
        self.attempts = attempts
        self.prefix = chat.prefix
        self.marks: list[str] = []
        self.answers: list[Answer] = []
        self._staged: dict[tuple[str, str], StorePut] = {}

    def mark(self, stage: str, detail: str = "") -> None:
        self.marks.append(f"{stage} {detail}".rstrip())

    async def perform(self, action: Action) -> Receipt:
        return self._chat.perform(action)

    def stage(self, write: StorePut) -> None:
        self._staged[write.plugin, write.key] = write

    def staged(self, plugin: str) -> Mapping[str, str | None]:
        return {key: write.value for (owner, key), write in self._staged.items() if owner == plugin}

    def savepoint(self) -> Callable[[], None]:
        kept = dict(self._staged)

        def forget() -> None:
            self._staged = kept

        return forget

    @property
    def effects(self) -> tuple[StorePut, ...]:
        return tuple(self._staged.values())

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        self.mark("ask")
        yield

    def consumed(self, answer: Answer) -> None:
        self.answers.append(answer)

    async def call(self, request: msgspec.Struct) -> Any:
        self._chat.calls.append(request)
        if self.admin is None:
            raise Denied(scope=type(request).__name__)
        answer = self._chat.answers[type(request)]
        if isinstance(answer, KagamiError):
            raise answer
        return answer


class PluginChat:
    """People who talk to the plugins of `host`. `calls` are operations that were asked for, `answers` their answers."""

    def __init__(self, host: Host, desk: Desk, store: MemoryValues, *, clock: Clock, prefix: str) -> None:
        self.host = host
        self._desk = desk
        self._clock = clock
        self._said: asyncio.Queue[Action] = asyncio.Queue()
        self._handling: set[asyncio.Task[Handled]] = set()
        self._lanes: dict[tuple[str, str], asyncio.Lock] = {}
        self._serial = 0
        self._failures: list[PluginError] = []
        self.store = store
        self.prefix = prefix
        self.calls: list[msgspec.Struct] = []
        self.answers: dict[type, Any] = {}
        self.receipts: list[Receipt] = []
        self.handled: list[Handled] = []

    async def says(
        self,
        message: str | Message,
        *,
        user: str = "10001",
        chat: str = "private:10001",
        admin: bool = False,
        age: float = 0.0,
    ) -> ChatExecution:
        """Somebody writes. Returns at once; what comes of it is seen by `hears` and `finished`."""
        parts = text(message) if isinstance(message, str) else message
        return self._arrive("message", chat.partition(":")[0], parts, user, chat, admin=admin, age=age)

    async def happens(self, kind: Kind, name: str, *, user: str = "10001", chat: str = "group:1") -> ChatExecution:
        """Something that is no message happens, such as `notice`, `group_increase.approve`."""
        return self._arrive(kind, name, (), user, chat)

    async def hears(self, *, within: float = ANSWER_SECONDS) -> str:
        """The text of the next message that the plugin sends."""
        action = await self.receives(within=within)
        return plain_text(action.message) if isinstance(action, Send) else repr(action)

    async def receives(self, *, within: float = ANSWER_SECONDS) -> Action:
        """The next thing that the plugin does, as it is."""
        self._raise()
        try:
            async with asyncio.timeout(within):
                return await self._said.get()
        except TimeoutError:
            self._raise()
            raise AssertionError(f"the plugin said nothing within {within:g} s") from None

    async def finished(self) -> None:
        """Wait until every handler has ended; raises the first failure of one."""
        while self._handling:
            await asyncio.wait(self._handling)
        self._raise()

    @property
    def silent(self) -> bool:
        """Whether everything that was said has been heard."""
        return self._said.empty()

    def assert_no_leaks(self) -> None:
        """No handler runs, no question is open, and no task of the plugin is without an owner."""
        running = [task.get_name() for task in self._handling if not task.done()]
        assert not running, f"handlers still run: {running}"  # noqa: S101 - this is an assertion of tests
        assert not len(self._desk), "a question is still open"  # noqa: S101
        strays = self.host.strays()
        assert not strays, "; ".join(strays)  # noqa: S101

    async def abandon(self) -> None:
        """Cancel what still runs."""
        running = set(self._handling)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def perform(self, action: Action) -> Receipt:
        self._said.put_nowait(action)
        return self.receipts.pop(0) if self.receipts else Sent(str(self._said.qsize()))

    def _arrive(
        self, kind: Kind, name: str, message: Message, user: str, chat: str, *, admin: bool = False, age: float = 0.0
    ) -> ChatExecution:
        self._serial += 1
        event = Event(
            ExecutionId(f"test-{self._serial}"),
            BotId("test:1"),
            kind,
            name,
            ChatId(chat),
            UserId(user),
            self._clock.wall_ms() - int(age * 1000),
            str(self._serial),
            message,
            str(self._serial),
        )
        principal = Principal("chat", f"test:{user}", frozenset({"*"})) if admin else None
        execution = ChatExecution(self, event, admin=principal)
        if not self._desk.offer(execution):
            task = start(f"event {event.text[:32]}", self._handle(execution))
            self._handling.add(task)
            task.add_done_callback(self._ended)
        return execution

    async def _handle(self, execution: ChatExecution) -> Handled:
        lane = self._lanes.setdefault((execution.event.chat, execution.event.user), asyncio.Lock())
        async with lane:
            handled = await self.host.handle(execution)
            await self.store.put_many(execution.effects)
            return handled

    def _ended(self, task: asyncio.Task[Handled]) -> None:
        self._handling.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, PluginError):
            self._failures.append(error)
        elif error is None:
            self.handled.append(task.result())

    def _raise(self) -> None:
        if self._failures:
            raise self._failures.pop(0)


@asynccontextmanager
async def chat_with(
    plugin: Plugin[Any] | Path,
    *,
    settings: Mapping[str, Any] | None = None,
    clock: Clock | None = None,
    timeout: float = 60.0,  # noqa: ASYNC109 - the plugin's limit for a handler
    grace: float = 5.0,
    prefix: str = "/",
    translate: Translate = str,
) -> AsyncIterator[PluginChat]:
    """A chat with one plugin, or with all that are in a folder and the built-in ones.

    `settings` are the plugin's own; with a folder they are by plugin's id. Leaving the chat unloads everything and
    fails when something survives.
    """
    clock = clock or SystemClock()
    desk, store = Desk(clock), MemoryValues()
    given = dict(settings or {})
    host = Host(
        PluginsConfig(settings=given if isinstance(plugin, Path) else {PLUGIN: given}),
        store=store,
        clock=clock,
        meters=Meters(),
        dialogs=desk,
        folder=plugin if isinstance(plugin, Path) else None,
        translate=translate,
        prefix=prefix,
        grace=grace,
    )
    async with host:
        if isinstance(plugin, Plugin):
            await host.adopt(Manifest(id=PLUGIN, version="1.0.0", entry="tests:plugin", timeout=timeout), plugin)
        chat = PluginChat(host, desk, store, clock=clock, prefix=prefix)
        try:
            yield chat
        finally:
            await chat.abandon()
            survivors = await host.close()
        if survivors:
            raise AssertionError("; ".join(survivors))
