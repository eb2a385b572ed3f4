"""The terminal UI for browsers: every console in one thread with a plain event loop of its own.

The engine's loop decides who has which console and for how long; the consoles' loop runs them. Between the two go
texts only: what a terminal sends, what it is to be given, and the operations that a console calls as its person.
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import threading
from concurrent.futures import Future
from types import TracebackType
from typing import Protocol, Self

from kagami import log
from kagami.engine.crossing import Callee, Crossing
from kagami.engine.session import Session
from kagami.errors import Conflict, Unavailable
from kagami.i18n import mark
from kagami.net.supervise import Nursery
from kagami.ports import Parts, StorePut
from kagami.ports.consoles import Ended, Screen, Seat
from kagami.tui.switches import set_switches
from kagami.web.config import WebConfig

NAMESPACE = "@consoles"
# Between two looks at whether those who have a console may have it still.
SWEEP_S = 2.0
STOP_S = 2.0
# After the last of several that ended: the timers that a console had set, cancelled or not, keep it so long.
COLLECT_S = 12.0

_say = log.get("console")


class Host(Callee, Protocol):
    """An engine."""

    @property
    def parts(self) -> Parts: ...


class Consoles:
    """Implements `ports.Consoles`; `async with` closes all of them. The thread starts with the first console."""

    def __init__(self, config: WebConfig, engine: Host, nursery: Nursery) -> None:
        self._config = config
        self._engine = engine
        self._parts = engine.parts
        self._nursery = nursery
        self._sessions: dict[tuple[str, str], Session] = {}
        self._running: set[asyncio.Future[None]] = set()
        self._thread: Thread | None = None

    def __len__(self) -> int:
        return len(self._sessions)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for session in self._sessions.values():
            session.end("stopping")
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_S)
        if self._thread is not None:
            await asyncio.to_thread(self._thread.stop)

    async def open(self, seat: Seat) -> Screen:
        kept = await self._parts.store.get(NAMESPACE, seat.who.name) or ""
        thread = await self._started()
        found = self._sessions.get((seat.login.id, seat.tab))
        if found is not None and found.ended is None:
            return found.attach(seat)
        self._make_room(seat)
        control = Crossing(self._engine, asyncio.get_running_loop(), seat.who, seat.login.id)
        session = self._sessions[seat.login.id, seat.tab] = Session(seat, control, kept, self._parts.clock)
        _say.info("a browser opens a console", who=seat.who.name, address=seat.who.address)
        running = asyncio.wrap_future(thread.run(session))
        self._running.add(running)
        running.add_done_callback(lambda done: self._over(session, done))
        return session.hold

    def _make_room(self, seat: Seat) -> None:
        """Those whose tab is away make room first, the longest gone of them; then it is `Conflict`."""
        own = [each for each in self._sessions.values() if each.seat.who.name == seat.who.name]
        for group, most in (
            (own, self._config.sessions_per_person),
            (list(self._sessions.values()), self._config.sessions),
        ):
            there = [each for each in group if each.ended is None]
            if len(there) < most:
                continue
            first = min(there, key=lambda each: each.gone_by, default=None)
            if first is None or first.gone_by == float("inf"):
                reason = mark("{count} consoles are open in browsers, and no more are allowed.").format(count=most)
                raise Conflict(reason=reason)
            first.end("away")

    def _over(self, session: Session, done: asyncio.Future[None]) -> None:
        self._running.discard(done)
        error = None if done.cancelled() else done.exception()
        if error is not None:
            _say.error("a console in a browser failed", cause=error)
            session.ended = "broken"
        session.end(session.ended or "left")
        key = (session.seat.login.id, session.seat.tab)
        if self._sessions.get(key) is session:
            del self._sessions[key]
        _say.info("a console in a browser ended", who=session.seat.who.name, reason=session.ended)
        if session.kept:
            self._nursery.start("console state", self._keep(session))

    async def _keep(self, session: Session) -> None:
        await self._parts.store.put_many([StorePut(NAMESPACE, session.seat.who.name, session.kept)])

    # The watch over them.

    async def _started(self) -> Thread:
        if self._thread is None:
            self._thread = Thread()
            self._nursery.keep("consoles", self._sweep)
        thread = self._thread
        try:
            await asyncio.wrap_future(thread.ready)
        except RuntimeError as error:
            raise Unavailable(what="the web console", reason=str(error)) from None
        return thread

    async def _sweep(self) -> None:
        while True:
            await self._parts.clock.sleep(SWEEP_S)
            for session in list(self._sessions.values()):
                why = await self._verdict(session)
                if why is not None:
                    session.end(why)

    async def _verdict(self, session: Session) -> Ended | None:
        """Why a console has to end now."""
        now = self._parts.clock.monotonic()
        if session.ended is not None:
            return None
        if not await self._parts.people.goes_on(session.seat.login):
            return "logout"
        if now > session.gone_by:
            return "away"
        idle = self._config.idle_minutes * 60
        return "idle" if idle and now - session.typed_at > idle else None


class Thread:
    """The consoles' loop: asyncio's own, since Textual gains nothing by another."""

    def __init__(self) -> None:
        self.ready: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._sweeping: asyncio.TimerHandle | None = None
        self._thread = threading.Thread(target=self._main, name="kagami-consoles", daemon=True)
        self._thread.start()

    def run(self, session: Session) -> Future[None]:
        """Run a console; to be called when it is `ready`."""
        if self._loop is None:
            raise RuntimeError("the consoles' thread has not begun")
        return asyncio.run_coroutine_threadsafe(self._run(session), self._loop)

    def stop(self) -> None:
        """Blocks until it has ended."""
        if self._loop is not None and self._stopping is not None:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(STOP_S)

    def _main(self) -> None:
        try:
            self._serve()
        finally:
            if not self.ready.done():
                self.ready.set_exception(RuntimeError("the consoles' thread could not begin"))

    def _serve(self) -> None:
        set_switches(os.environ)
        import kagami.tui.browser  # noqa: F401, PLC0415 (loads Textual)

        # What there is before the first console stays anyhow, and need not be looked through at the end of each.
        gc.freeze()
        asyncio.run(self._live())

    async def _live(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self.ready.set_result(None)
        await self._stopping.wait()

    async def _run(self, session: Session) -> None:
        await session.run()
        if self._sweeping is not None:
            self._sweeping.cancel()
        # In a context of its own: this one holds the app.
        loop, context = asyncio.get_running_loop(), contextvars.Context()
        self._sweeping = loop.call_later(COLLECT_S, _collect, context=context)


def _collect() -> None:
    """An ended app is one knot of references, and a quiet engine would not look for such for days."""
    from kagami.tui.browser import forget_ended  # noqa: PLC0415

    forget_ended()
    gc.collect()
