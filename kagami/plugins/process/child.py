"""One version of a plugin that is a process of its own: started, asked, restarted with growing pauses, ended."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

from kagami.clock import Clock
from kagami.core.backoff import Randomness, Restarts
from kagami.errors import Denied, KagamiError, LoadError, Parked, PluginError, WireError
from kagami.i18n import Translate
from kagami.log import Log
from kagami.plugins.config import ProcessConfig
from kagami.plugins.context import Kit
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.process import jail, wire
from kagami.plugins.process.calls import DEADLY, Call, Calls
from kagami.plugins.process.life import Life, Times
from kagami.plugins.scope import alarm, ended, start

State = Literal["starting", "ready", "backoff", "crash_loop", "stopped"]
Background = Callable[[wire.Request], Awaitable[dict[str, Any]]]

SOON_S = 1.0
LONGEST_ERROR = 8_000


class Child:
    """`plugin` is what it declared, `kit` is set by the host; `reason` says why the state is as it is.

    `unconfined` says what of its confinement this system cannot do.
    """

    def __init__(
        self,
        manifest: Manifest,
        folder: Path,
        argv: Sequence[str],
        *,
        hello: wire.Hello | None,
        speaks: bool,
        work: Path,
        config: ProcessConfig,
        times: Times,
        clock: Clock,
        log: Log,
        randomness: Randomness = random.random,
    ) -> None:
        """`hello` is None for a program that is not greeted; `speaks` when it cannot serve without a `ready`."""
        self.manifest = manifest
        self.plugin: Plugin[Any] = Plugin()
        self.kit: Kit | None = None
        self.unconfined: tuple[str, ...] = tuple(jail.missing())
        self.background: Background = _nobody
        self.state: State = "starting"
        self.reason = ""
        self._end = ""
        self.times = times
        self.clock = clock
        self.log = log
        self._folder, self._argv, self._work, self._config = folder, argv, work, config
        self._hello = hello
        self._speaks = speaks
        self._restarts = Restarts(randomness, cap=times.pause, limit=manifest.max_restarts + 1)
        self._life: Life | None = None
        self._loop: asyncio.Task[None] | None = None
        self._first: asyncio.Future[wire.ReadyPayload | None] | None = None
        self._ready: asyncio.Future[wire.ReadyPayload] | None = None
        self._said: wire.ReadyPayload | None = None
        self._again_at = 0.0
        self._again = asyncio.Event()
        self._closing = False
        self._calls = Calls()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def pid(self) -> int:
        """Of the run there is; 0 between two."""
        return self._life.pid if self._life is not None and not self._life.ended else 0

    async def open(self) -> wire.ReadyPayload | None:
        """Start it for the first time; what it declared, None when it said nothing. `LoadError` when it fails."""
        self._first = asyncio.get_running_loop().create_future()
        self._loop = start(f"{self.manifest.id}: process", self._keep(self._first))
        try:
            return await self._first
        finally:
            if self.state != "ready":
                if self._life is not None:
                    self._life.kill("its start was given up")
                await self.close()

    async def close(self) -> None:
        """End it: with a word, then with SIGTERM, then with SIGKILL."""
        self._closing = True
        if self._life is not None:
            await self._life.stop(polite=self._hello is not None)
        if self._loop is not None:
            if self._life is None or self._life.ended:
                self._loop.cancel()
            await ended(self._loop, self.times.stop)
        self.state = "stopped"

    def revive(self) -> None:
        """Try again now, whatever happened before."""
        self._calls.forgive()
        self._again.set()

    async def hook(self, name: str, data: Any = None, *, early: bool = False) -> wire.Result:
        """Call one of `on_start`, `on_stop`, `on_upgrade`, which have no event; its result."""
        async with self.call(name, {"handler": "", "event": None, "data": data}, early=early) as call:
            while not isinstance(item := await call.next(), wire.Result):
                if isinstance(item, wire.Request):
                    self._aside(item)
        return item

    async def upgrade(self, state: int, key: str, value: Any) -> tuple[str, Any] | None:
        """One stored value of `state` in the newest form, None to leave it out. `PluginError` when it fails."""
        result = await self.hook("on_upgrade", {"state": state, "key": key, "value": value})
        if not result.ok:
            raise PluginError(plugin=self.manifest.id, reason=result.error.message if result.error else "it failed")
        return result.payload.upgraded

    async def _keep(self, first: asyncio.Future[wire.ReadyPayload | None]) -> None:
        """Run it again and again."""
        while not self._closing:
            reason = await self._live(first)
            self.reason = self._end = reason
            pause = self._restarts.crashed(self.clock.monotonic())
            self.state = "crash_loop" if pause.looping else "backoff"
            self._again_at = self.clock.monotonic() + pause.seconds
            self._bury()
            if not first.done():
                # The last line says by itself what went wrong.
                said = [*self._life.words, reason] if self._life is not None and len(self._life.words) > 1 else [reason]
                told = "\n".join(said)
                first.set_exception(LoadError(plugin=self.manifest.id, version=self.manifest.version, reason=told))
                self._closing = True
            if not self._closing:
                self.log.error("the process ended", reason=reason, again_in_s=round(pause.seconds), state=self.state)
                await self._rest(pause.seconds)
        self.state = "stopped"

    async def _rest(self, seconds: float) -> None:
        self._again.clear()
        bell = alarm(self.clock, seconds, self._again.set)
        try:
            await self._again.wait()
        finally:
            bell.cancel()

    async def _live(self, first: asyncio.Future[wire.ReadyPayload | None]) -> str:
        """One run, from its start to its end; why it ended."""
        self.state = "starting"
        self._ready = asyncio.get_running_loop().create_future()
        self._life = life = Life(
            self._argv,
            self._folder,
            self._work,
            config=self._config,
            times=self.times,
            clock=self.clock,
            log=self.log,
            hear=self._hear,
        )
        try:
            await life.open()
        except OSError as error:
            return f"it cannot be started: {error.strerror or error}"
        greeting = start(f"{self.manifest.id}: greeting", self._greet(life, self._ready, first))
        try:
            return await life.run()
        finally:
            greeting.cancel()
            await asyncio.wait({greeting})

    async def _greet(
        self,
        life: Life,
        ready: asyncio.Future[wire.ReadyPayload],
        first: asyncio.Future[wire.ReadyPayload | None],
    ) -> None:
        """Say hello and wait until it can serve."""
        if self._hello is not None:
            life.say(self._hello)
        limit = self.times.ready if self._speaks else self.times.silent if self._hello else self.times.settle
        await asyncio.wait({ready}, timeout=limit)
        said = ready.result() if ready.done() else None
        if problem := self._unfit(said, limit) or await self._stand_in(said, again=first.done()):
            return life.kill(problem)
        self.state, self.reason = "ready", ""
        if not first.done():
            self._said, self._speaks = said, said is not None
            first.set_result(said)
        return None

    def _unfit(self, said: wire.ReadyPayload | None, limit: float) -> str:
        """Why it cannot serve, or nothing."""
        if said is None:
            return f"it did not say that it is ready within {limit:g} s" if self._speaks else ""
        return said.error[:LONGEST_ERROR]

    async def _stand_in(self, said: wire.ReadyPayload | None, *, again: bool) -> str:
        """What a process has to do that takes the place of one which has ended; what went wrong, or nothing."""
        if not again:
            return ""
        if said != self._said:
            self.log.warning("the process declares something else than before: reload the plugin")
        return await self._start_again() if said is not None and said.hooks.start else ""

    async def _start_again(self) -> str:
        """The start hook of a process that stands in for one which has ended; what went wrong, or nothing."""
        try:
            async with asyncio.timeout(self.manifest.timeout):
                result = await self.hook("on_start", early=True)
        except TimeoutError:
            return f"its start hook took longer than {self.manifest.timeout:g} s"
        except KagamiError as error:
            return f"its start hook failed: {error}"
        return f"its start hook failed: {result.error.message}" if result.error else ""

    @asynccontextmanager
    async def call(
        self, name: str, payload: dict[str, Any], *, execution: str = "", early: bool = False
    ) -> AsyncIterator[Call]:
        """Hand an event over. `Parked` when the child cannot take it now; left before its result, it is cancelled."""
        if self.state != "ready" and not early:
            raise self.parked()
        if self._calls.deadly(execution):
            raise self._deadly()
        call = self._calls.open(execution)
        try:
            try:
                taken = self._life is not None and self._life.say(wire.Event(call.id, name, payload, execution))
            except WireError as error:
                call.over = True
                raise PluginError(plugin=self.manifest.id, reason=f"the event cannot be handed over: {error}") from None
            if not taken:
                call.over = True
                raise self.parked("it does not read its input")
            yield call
            self._calls.succeeded(call)
        finally:
            if self._calls.close(call):
                self._cancel(call)

    def respond(
        self, request: wire.Request, payload: dict[str, Any] | None = None, error: wire.Fault | None = None
    ) -> None:
        """Answer a request, which may come too late for a child that has ended."""
        self._calls.answered(request)
        self.say(wire.Response(request.id, error is None, payload or {}, error))

    def say(self, message: wire.ToChild) -> None:
        """Write something that is not waited for. A child that does not read until there is no room is ended."""
        life = self._life
        if life is None or life.ended:
            return
        try:
            if not life.say(message) and life.listens:
                life.kill("it does not read its input")
        except WireError as error:
            fault = wire.Fault("WireError", f"the answer is not sent: {error}")
            if isinstance(message, wire.Response):
                life.say(wire.Response(message.id, ok=False, error=fault))

    def parked(self, reason: str = "") -> Parked:
        """What a call raises while nobody can take it."""
        told = reason or (f"its process is starting: {self.reason}" if self.reason else "its process is starting")
        if self.state in ("backoff", "crash_loop"):
            told = f"its process ended: {self.reason}"
        wait = max(SOON_S, self._again_at + SOON_S - self.clock.monotonic())
        return Parked(plugin=self.manifest.id, reason=told, seconds=wait)

    def _deadly(self) -> PluginError:
        return PluginError(
            plugin=self.manifest.id,
            reason=f"this event ended its process {DEADLY} times, the last time so: {self._end}",
        )

    def _cancel(self, call: Call) -> None:
        self.say(wire.Cancel(call.id))

        def ring() -> None:
            if self._calls.still_owes(call) and self._life is not None:
                self._life.violated("a call that was cancelled does not end")

        self._calls.await_end(call, alarm(self.clock, self.times.ignore, ring))

    def _bury(self) -> None:
        """The process has ended: its calls wait for the next one, or fail when they seem to be the cause."""
        self._calls.bury(
            lambda call: self._deadly() if self._calls.deadly(call.execution) else self.parked(),
            blame=not self._closing,
        )
        for task in self._tasks:
            task.cancel()

    def _hear(self, line: bytes | None) -> None:
        life = self._life
        if life is None:
            return
        try:
            if line is None:
                raise WireError(reason="a line over 1 MiB")  # noqa: TRY301 - one place counts violations
            if line.lstrip()[:1] == b"{":
                self._take(life, wire.decode(line), len(line))
            elif line.strip():
                life.note("info", line.decode(errors="replace"))
        except WireError as error:
            life.violated(str(error.details["reason"]))

    def _take(self, life: Life, message: wire.FromChild, size: int) -> None:
        match message:
            case wire.Ready(payload=payload):
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(payload)
            case wire.Log(payload=said):
                life.note(said.level, said.text, {key: str(value) for key, value in said.fields.items()})
            case wire.Result(id=number):
                self._calls.end(number, message, strict=self._said is not None)
            case wire.Deeds(id=number):
                self._calls.end(str(number or ""), message, strict=False)
            case wire.Request():
                self._serve(message, size)

    def _serve(self, request: wire.Request, size: int) -> None:
        if not self._calls.ask(request, size):
            self._aside(request)

    def _aside(self, request: wire.Request) -> None:
        task = start(f"{self.manifest.id}: background", self._answer(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, request: wire.Request) -> None:
        """Serve what belongs to no open call."""
        try:
            self.respond(request, await self.background(request))
        except KagamiError as error:
            self.respond(request, error=fault_of(error))


def fault_of(error: KagamiError, translate: Translate = str) -> wire.Fault:
    """An error of ours as the child gets it; of `Denied` only the permission that it lacks."""
    denied = isinstance(error, Denied)
    return wire.Fault(error.code, str(error.details["scope"]) if denied else error.text(translate))


async def _nobody(request: wire.Request) -> dict[str, Any]:
    raise PluginError(plugin="", reason=f"{request.name} is not possible yet")
