"""Ways to run: an engine without a face, an engine with a console in front of it, a console on a running engine.

The engine has a thread and an event loop of its own, so that nothing a terminal does can hold it up. With a console,
the process that the shell waits for is only a gate: the engine's process is its child, and when the console is left or
its terminal dies, the gate goes and the bots stay.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

import msgspec

from kagami import collector, log
from kagami.clock import Clock
from kagami.config import Settings
from kagami.errors import EngineAway, KagamiError
from kagami.home import hold
from kagami.model.principal import CONSOLE
from kagami.net.readiness import ReadyLine
from kagami.ports import Control, Feed

if TYPE_CHECKING:
    from kagami.engine import Engine
    from kagami.engine.crossing import Crossing

# The store's writer thread asks for the interpreter after each batch, and a busy loop lets go of it only for moments;
# when the wait is longer than a turn of the loop, the writer starves (0.5 ms: seconds at p99; 0.1 ms: milliseconds).
SWITCH_INTERVAL_S = 0.0001
# Seconds that a console has for itself before its engine starts beside it.
FIRST_PAINT_S = 0.1
# How long what is left of plugins may take to end when everything else has.
LAST_S = 2.0
# What the gate hears when the console has ended and the engine goes on.
LEFT, BROKE = b"d", b"b"
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
ARENAS = 2
# By then a start has made its first connections, and nothing of its own is under way.
START_OVER_S = 2.0
_SET_DUMPABLE = 4
_M_ARENA_MAX = -8  # malloc.h


def run_headless(settings: Settings, *, as_json: bool = False) -> int:
    """An engine until SIGTERM or SIGINT; a second one ends it at once. Returns the exit code."""
    keep_memory_private()
    keep_memory_small()
    ring = log.Ring()
    log.configure(settings.log.level, ring=ring, stream=sys.stdout, as_json=as_json)
    with hold(settings.home):
        _run(_serve_until_signalled(settings, ring))
    return 0


def keep_memory_private() -> None:
    """Nobody but root may look into this process, and it leaves no core: its memory holds every secret.

    `PR_SET_DUMPABLE` of prctl(2), where that is; what it starts by `exec` is as it always is.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - an engine alone needs it

        ctypes.CDLL(None).prctl(_SET_DUMPABLE, 0, 0, 0, 0)


def keep_memory_small() -> None:
    """Let all threads allocate from a few arenas: glibc gives each one of its own, most of which stays empty."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - an engine alone needs it

        with suppress(AttributeError):  # another C library has no arenas
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, ARENAS)


async def _give_back(clock: Clock) -> None:
    """Return to the system what the start has freed: glibc keeps it otherwise."""
    await clock.sleep(START_OVER_S)
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - an engine alone needs it

        with suppress(AttributeError):  # another C library has nothing to give back
            await asyncio.to_thread(ctypes.CDLL(None).malloc_trim, 0)


async def _serve_until_signalled(settings: Settings, ring: log.Ring) -> None:
    from kagami.engine import open_engine  # noqa: PLC0415 (a console in front of one paints before that is loaded)

    loop, own = asyncio.get_running_loop(), asyncio.current_task()
    asked = asyncio.Event()
    engines: list[Engine] = []

    def stop(signum: signal.Signals) -> None:
        if asked.is_set() and own:
            own.cancel()
        asked.set()
        for engine in engines:
            engine.parts.house.stop(signum.name)

    # Before anything opens: a signal in the middle of a start must close what is open already.
    for signum in STOP_SIGNALS:
        loop.add_signal_handler(signum, stop, signum)
    # No terminal is in front of this one: it is a service's way of saying that the file was edited.
    edited = asyncio.Event()
    loop.add_signal_handler(signal.SIGHUP, edited.set)
    line = ReadyLine(os.environ)
    async with open_engine(settings, ring) as engine, asyncio.TaskGroup() as group:
        engines.append(engine)
        collector.run_seldom()
        line.say("READY=1")
        beating = group.create_task(line.beat(engine.parts.clock))
        following = group.create_task(_follow_file(engine, edited))
        giving = group.create_task(_give_back(engine.parts.clock))
        if sys.stdout.isatty():  # a person reads this, not a collector of logs
            from kagami.engine.people import invite  # noqa: PLC0415
            from kagami.engine.tools import translator_of  # noqa: PLC0415

            await invite(engine, sys.stdout, translator_of(settings))
        if not asked.is_set():
            await engine.stopping.wait()
        line.say("STOPPING=1")
        beating.cancel()
        following.cancel()
        giving.cancel()


async def _follow_file(engine: Engine, edited: asyncio.Event) -> None:
    while await edited.wait():
        edited.clear()
        await engine.read_settings()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run on the fastest loop there is, tuned for a long life."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    runner = asyncio.Runner(loop_factory=_fast_loop())
    # Everything of ours is closed by then. What plugins left behind, tasks and threads, may never end.
    last = threading.Timer(LAST_S, _give_up)
    last.daemon = True
    try:
        with suppress(asyncio.CancelledError):
            runner.run(work)
    finally:
        last.start()
        runner.close()
        last.cancel()


def _give_up() -> None:
    log.get("engine").error("something that a plugin started does not end: the process is ended")
    os._exit(1)


def _fast_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415 (absent on Windows)
    except ImportError:
        return None
    return uvloop.new_event_loop


class EngineThread:
    """An engine in a thread of its own. `begin` starts it; `start` also waits and raises what kept it from serving.

    `ended` is called in that thread when the engine has ended, whatever the reason.
    """

    def __init__(self, settings: Settings, ring: log.Ring, *, ended: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._ring = ring
        self._ended = ended
        self._ready = threading.Event()
        self._asked = ""
        self._lock = threading.Lock()
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Future[None]]] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._main, name="kagami-engine")
        self.engine: Engine | None = None
        self.loop: asyncio.AbstractEventLoop | None = None

    @property
    def begun(self) -> bool:
        return self._thread.ident is not None

    def begin(self) -> None:
        if not self.begun:
            self._thread.start()

    def start(self) -> None:
        self.begin()
        self._ready.wait()
        if self._error is not None:
            self.join()

    async def serving(self) -> Engine:
        """The engine once it serves; `EngineAway` when it has ended. May be awaited in any loop."""
        if not self._ready.is_set():
            here = asyncio.get_running_loop()
            waiter: asyncio.Future[None] = here.create_future()
            with self._lock:
                self._waiting.append((here, waiter))
                if self._ready.is_set():
                    waiter.set_result(None)
            await waiter
        if self.engine is None:
            raise EngineAway(address="this process")
        return self.engine

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self, reason: str) -> None:
        """Ask it to stop; returns at once."""
        self._asked = reason
        if self.engine and self.loop:
            with suppress(RuntimeError):  # the loop has ended by itself
                self.loop.call_soon_threadsafe(self.engine.parts.house.stop, reason)

    def join(self) -> None:
        """Wait for its end, and raise what kept it from serving; signals are still handled."""
        while self._thread.is_alive():
            self._thread.join(0.2)
        if self._error is not None:
            raise self._error

    def _main(self) -> None:
        try:
            _run(self._serve())
        except KagamiError as error:
            self._error = error
        finally:
            self._tell_ready()
            self._ended()

    async def _serve(self) -> None:
        from kagami.engine import open_engine  # noqa: PLC0415 (the console paints first)

        self.loop = asyncio.get_running_loop()
        async with open_engine(self._settings, self._ring) as engine:
            self.engine = engine
            collector.run_seldom()
            self._tell_ready()
            if not self._asked:
                await engine.stopping.wait()
        self.engine = None

    def _tell_ready(self) -> None:
        with self._lock:
            self._ready.set()
            waiting, self._waiting = self._waiting, []
        for loop, waiter in waiting:
            with suppress(RuntimeError):  # that console has ended
                loop.call_soon_threadsafe(_settle, waiter)


def _settle(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


class LocalControl:
    """Implements `ports.Control` across two loops: the console's, where it is awaited, and the engine's.

    The first use starts the engine, a moment after the console has begun to draw: an engine that starts at once would
    take the interpreter away from the first paint.
    """

    def __init__(self, thread: EngineThread) -> None:
        self._thread = thread

    async def call(self, request: msgspec.Struct) -> Any:
        return await (await self._across()).call(request)

    async def feed(self, topics: Sequence[str]) -> AsyncGenerator[Feed, None]:
        async with aclosing((await self._across()).feed(topics)) as items:
            async for item in items:
                yield item

    async def close(self) -> None:
        return

    async def _across(self) -> Crossing:
        if not self._thread.begun:
            await asyncio.sleep(FIRST_PAINT_S)
            self._thread.begin()
        engine = await self._thread.serving()
        if self._thread.loop is None:
            raise EngineAway(address="this process")
        from kagami.engine.crossing import Crossing  # noqa: PLC0415 (the engine has loaded it)

        return Crossing(engine, self._thread.loop, CONSOLE)


def run_with_console(
    settings: Settings, *, show: Callable[[Control, bool], str], tell: Callable[[KagamiError], int]
) -> int:
    """An engine and a console in front of it; returns the exit code.

    `show(control, owned)` runs the console and says how it was left: `stop` ends the bots too, anything else leaves
    them running without a face. `tell` says why the engine did not start and gives the exit code.
    """
    keep_memory_private()  # the gate's too: the settings were read before it
    reader, writer = os.pipe()
    child = os.fork()
    if child:
        os.close(writer)
        return _wait_at_gate(child, reader)
    os.close(reader)
    code = 1
    try:
        code = _engine_and_console(settings, show, lambda how: _leave_terminal(writer, how))
    except KagamiError as error:
        code = tell(error)
    finally:
        # The child of a fork must never return into its parent's code, whatever happened.
        log.crash(sys.exception())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _wait_at_gate(child: int, reader: int) -> int:
    """Hold the shell's prompt until the console is left; then only the gate goes."""
    for signum in STOP_SIGNALS:
        signal.signal(signum, lambda number, _: os.kill(child, number))
    left = os.read(reader, 1)
    if left:
        return 1 if left == BROKE else 0
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _leave_terminal(writer: int, how: bytes) -> None:
    """Go on without the terminal: a session of our own, no descriptors on it. The gate is told how it was left."""
    with suppress(OSError):
        os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    with suppress(OSError):
        os.write(writer, how)
    os.close(writer)


def _terminate_main() -> None:
    # To that thread itself: only so is the wait interrupted that its loop is in.
    main = threading.main_thread().ident
    if main is not None:
        signal.pthread_kill(main, signal.SIGTERM)


def _engine_and_console(
    settings: Settings, show: Callable[[Control, bool], str], leave: Callable[[bytes], None]
) -> int:
    ring = log.Ring()
    log.configure(settings.log.level, ring=ring)
    with hold(settings.home):
        # SIGTERM is the console's: it ends, and says that the engine shall. So an engine that ended raises it.
        thread = EngineThread(settings, ring, ended=_terminate_main)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: thread.stop("SIGTERM"))
        how = "broken"
        try:
            how = show(LocalControl(thread), True)
        finally:
            if how == "broken":
                log.crash(sys.exception())
            if how == "stop" or not thread.alive:
                thread.stop("the console was left")
            else:
                leave(BROKE if how == "broken" else LEFT)
            thread.join()
    return 0
