"""Tests of plugins that read like a chat, in one process and without sockets.

async def test_greeting() -> None:
    async with chat_with(plugin, settings={"greeting": "Hi"}) as chat:
        await chat.says("/hello Ada")
        assert await chat.hears() == "Hi, Ada!"
        chat.assert_no_leaks()
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, timedelta, tzinfo
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from kagami.clock import Clock, SystemClock
from kagami.errors import KagamiError, Parked, PluginError
from kagami.i18n import Translate
from kagami.meters import Meters
from kagami.model.action import Action, Receipt, Send, Sent
from kagami.model.event import Event, Kind, Sender
from kagami.model.ids import BotId, ChatId, ExecutionId, SessionKey, UserId
from kagami.model.message import Message, plain_text, text
from kagami.model.principal import Principal
from kagami.plugins.config import PluginsConfig
from kagami.plugins.dialogs import Desk
from kagami.plugins.host import Host
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.schedule import Scheduler
from kagami.plugins.scope import start
from kagami.ports import Handled, Media, Reach
from kagami.testing.clock import FakeClock, settle
from kagami.testing.execution import ChatExecution
from kagami.testing.stalls import Stalls
from kagami.testing.values import MemoryValues

__all__ = ["ChatExecution", "MemoryValues", "PluginChat", "chat_with"]

PLUGIN = "plugin"
ANSWER_SECONDS = 20.0
PIPE_SECONDS = 1.0  # within which a process has told that a handler has ended


class House(NamedTuple):
    """What a restart makes anew."""

    host: Host
    desk: Desk
    scheduler: Scheduler


class PluginChat:
    """People who talk to plugins. `calls` are operations that were asked for, `answers` what these answer."""

    def __init__(
        self,
        house: House,
        build: Callable[[], Awaitable[House]],
        store: MemoryValues,
        *,
        clock: Clock,
        prefix: str,
    ) -> None:
        self._build = build
        self.clock = clock
        self._said: asyncio.Queue[Action] = asyncio.Queue()
        self._handling: set[asyncio.Task[Handled | None]] = set()
        # What has come and is not done, and of it what waits in a lane.
        self._open: dict[ExecutionId, ChatExecution] = {}
        self._queued: list[ChatExecution] = []
        self._lanes: dict[tuple[str, str], asyncio.Lock] = {}
        self._serial = 0
        self._version = 1
        self._failures: list[PluginError] = []
        self.store = store
        self.prefix = prefix
        self.calls: list[msgspec.Struct] = []
        self.answers: dict[type, Any] = {}
        self.receipts: list[Receipt] = []
        self.handled: list[Handled] = []
        self.stalls = Stalls()
        self._move_in(house)

    async def says(
        self,
        message: str | Message,
        *,
        user: str = "10001",
        chat: str = "private:10001",
        admin: bool = False,
        age: float = 0.0,
        role: str = "member",
        name: str = "",
        mentioned: bool = False,
    ) -> ChatExecution:
        """Somebody writes. Returns at once; what comes of it is seen by `hears` and `finished`.

        `role` (`member`, `admin`, `owner`) and `name` are what the platform shows of the user in this chat;
        `mentioned` is whether the bot was addressed.
        """
        parts = text(message) if isinstance(message, str) else message
        sender = Sender(name, role=role)
        kind = chat.partition(":")[0]
        arrive = self._arrive
        return arrive("message", kind, parts, user, chat, admin=admin, age=age, sender=sender, mentioned=mentioned)

    async def happens(self, kind: Kind, name: str, *, user: str = "10001", chat: str = "group:1") -> ChatExecution:
        """Something that is no message happens, such as `notice`, `group_increase.approve`."""
        return self._arrive(kind, name, (), user, chat)

    async def advance(
        self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0
    ) -> None:
        """Let time pass, so that what is scheduled is run. It needs `chat_with(plugin, clock=FakeClock())`."""
        if not isinstance(self.clock, FakeClock):
            raise TypeError("only a FakeClock can be advanced: chat_with(plugin, clock=FakeClock())")
        await settle()
        await self.clock.advance(timedelta(seconds=seconds, minutes=minutes, hours=hours, days=days).total_seconds())

    async def hears(self, *, within: float = ANSWER_SECONDS) -> str:
        """The text of the next message that the plugin sends."""
        action = await self.receives(within=within)
        return plain_text(action.message) if isinstance(action, Send) else repr(action)

    async def receives(self, *, within: float = ANSWER_SECONDS) -> Action:
        """The next thing that the plugin does, as it is. A handler that ends with it has ended."""
        self._raise()
        try:
            async with asyncio.timeout(within):
                action = await self._said.get()
        except TimeoutError:
            self._raise()
            raise AssertionError(f"the plugin said nothing within {within:g} s") from None
        await settle()
        if self._handling and not self.questions and self.silent and self._in_processes:
            await asyncio.wait(self._handling, timeout=PIPE_SECONDS)
        return action

    async def finished(self) -> None:
        """Wait until every handler has ended; raises the first failure of one."""
        while self._handling:
            await asyncio.wait(self._handling)
        self._raise()

    @property
    def _in_processes(self) -> bool:
        return any(each.child for line in self.host.fleet.lines.values() for each in line.running)

    @property
    def silent(self) -> bool:
        """Whether everything that was said has been heard."""
        return self._said.empty()

    @property
    def questions(self) -> int:
        """How many questions are open."""
        return len(self._desk)

    def assert_no_leaks(self) -> None:
        """No handler runs, no question is open, and nothing that the plugin started is without an owner.

        That is: no task, timer, socket, file or handler that its scope does not know. Threads are counted on leaving.
        """
        running = [task.get_name() for task in self._handling if not task.done()]
        assert not running, f"handlers still run: {running}"  # noqa: S101 - this is an assertion of tests
        assert not len(self._desk), "a question is still open"  # noqa: S101
        strays = self.host.strays()
        assert not strays, "; ".join(strays)  # noqa: S101

    def assert_never_blocked(self, limit: float = 0.1) -> None:
        """The plugin never held up the loop for more than `limit` seconds; else its file and line are named."""
        self.stalls.assert_none(limit)

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
        self,
        kind: Kind,
        name: str,
        message: Message,
        user: str,
        chat: str,
        *,
        admin: bool = False,
        age: float = 0.0,
        sender: Sender = Sender(),  # noqa: B008 - it is frozen
        mentioned: bool = False,
    ) -> ChatExecution:
        self._serial += 1
        event = Event(
            ExecutionId(f"test-{self._serial}"),
            BotId("test:1"),
            kind,
            name,
            ChatId(chat),
            UserId(user),
            self.clock.wall_ms() - int(age * 1000),
            str(self._serial),
            message,
            str(self._serial),
            sender=sender,
            mentioned=mentioned,
        )
        principal = Principal("chat", f"test:{user}", frozenset({"*"})) if admin else None
        return self._take(ChatExecution(self, event, admin=principal))

    async def falls_due(self, event: Event, read_at: float) -> bool:  # noqa: ARG002 - as `ports.Intake.accept`
        """Something that was scheduled has become an event."""
        self._take(ChatExecution(self, event))
        return True

    def _is_operator(self, event: Event) -> bool:
        return event.text.startswith("#") and self._open[event.execution].admin is not None

    def reoffer(self, session: SessionKey) -> None:
        """Let a question of before a restart find its answer among what waits behind its handler."""
        waiting = (each for each in self._queued if each.event.session == session)
        taken = next((each for each in waiting if self._desk.offer(each)), None)
        if taken is not None:
            self._queued.remove(taken)

    async def restart(self, *, graceful: bool = False) -> None:
        """Kagami ends and starts again over the same store; what was not done is handled again.

        It is killed in the middle of whatever it does, or (`graceful`) stopped: open questions end with a word, and
        handlers go on to their end.
        """
        if graceful:
            self._queued.clear()
            self._desk.close()
            while self._handling:
                await asyncio.wait(self._handling)
        for execution in self._open.values():
            execution.ended = True
        await self.leave()
        left, self._open, self._queued, self._lanes = list(self._open.values()), {}, [], {}
        self._move_in(await self._build())
        for each in left:
            again = ChatExecution(
                self, each.event, admin=each.admin, attempts=each.attempts, restarted=True, journal=each.journal
            )
            self._open[each.event.execution] = again
            self._queue(again)

    async def swap(self, plugin: Plugin[Any]) -> None:
        """Put another version of the plugin into its place, as a reload does: open dialogs end in the old one."""
        self._version += 1
        await self.host.adopt(_manifest(f"{self._version}.0.0"), plugin)

    def _move_in(self, house: House) -> None:
        self.host, self._desk = house.host, house.desk
        self._desk.is_operator = self._is_operator
        self._scheduling = start("schedule", house.scheduler.run(self.falls_due))

    async def leave(self) -> list[str]:
        """Cancel what still runs and unload everything. Tells what survived."""
        self._scheduling.cancel()
        with suppress(asyncio.CancelledError):
            await self._scheduling
        await self.abandon()
        return await self.host.close()

    def _take(self, execution: ChatExecution) -> ChatExecution:
        self._open[execution.event.execution] = execution
        if not self._desk.offer(execution):
            self._queue(execution)
        return execution

    def _queue(self, execution: ChatExecution) -> None:
        self._queued.append(execution)
        task = start(f"event {execution.event.text[:32]}", self._handle(execution))
        self._handling.add(task)
        task.add_done_callback(self._ended)

    async def _handle(self, execution: ChatExecution) -> Handled | None:
        lane = self._lanes.setdefault((execution.event.chat, execution.event.user), asyncio.Lock())
        async with lane:
            if execution not in self._queued:
                return None  # it was the answer to a question
            self._queued.remove(execution)
            try:
                handled = await self.host.handle(execution)
            except Parked:
                raise
            except KagamiError:
                self._done(execution)
                raise
            await self.store.put_many(execution.effects)
            self._done(execution)
            return handled

    def _done(self, execution: ChatExecution) -> None:
        """It is over, together with the answers that it used."""
        for each in (execution, *execution.answers):
            self._open.pop(each.event.execution, None)

    def _ended(self, task: asyncio.Task[Handled | None]) -> None:
        self._handling.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, PluginError) and not isinstance(error, Parked):
            self._failures.append(error)
        elif error is None and (handled := task.result()) is not None:
            self.handled.append(handled)

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
    language: str = "en",
    zone: tzinfo = UTC,
    http: Reach | None = None,
    media: Media | None = None,
) -> AsyncIterator[PluginChat]:
    """A chat with one plugin, or with all that are in a folder and the built-in ones.

    `settings` are the plugin's own; with a folder they are by plugin's id. `language` is `ctx.language`. `http` and
    `media` are what `ctx.http` and `ctx.media` reach; without them a plugin gets `Unavailable`. Leaving the chat
    unloads everything and fails when something survives.
    """
    clock = clock or SystemClock()
    work = TemporaryDirectory(prefix="kagami-work-")
    store, given, numbers = MemoryValues(), dict(settings or {}), count(1)

    async def build() -> House:
        desk = Desk(clock)
        scheduler = Scheduler(store, clock, zone, new_execution=lambda: ExecutionId(f"job-{next(numbers)}"))
        await scheduler.open()
        host = Host(
            PluginsConfig(settings=given if isinstance(plugin, Path) else {PLUGIN: given}),
            store=store,
            clock=clock,
            meters=Meters(),
            dialogs=desk,
            folder=plugin if isinstance(plugin, Path) else None,
            work=Path(work.name),
            translate=translate,
            language=language,
            prefix=prefix,
            grace=grace,
            scheduler=scheduler,
            http=http,
            media=media,
        )
        async with AsyncExitStack() as stack:
            await (await stack.enter_async_context(host)).started()
            if isinstance(plugin, Plugin):
                await host.adopt(_manifest("1.0.0", timeout), plugin)
            stack.pop_all()
        return House(host, desk, scheduler)

    chat = PluginChat(await build(), build, store, clock=clock, prefix=prefix)
    try:
        with chat.stalls:
            yield chat
    finally:
        survivors = await chat.leave()
        work.cleanup()
    if survivors:
        raise AssertionError("; ".join(survivors))


def _manifest(version: str, timeout: float = 60.0) -> Manifest:
    return Manifest(id=PLUGIN, version=version, entry="tests:plugin", timeout=timeout, permissions=("*",))
