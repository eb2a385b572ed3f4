"""Runs one handler in this process: in a task of its own, with a hard limit, its errors contained.

The limit counts the handler's own time: it stands still while the handler waits for a person's answer. At the limit
the handler is cancelled; one that ignores that is left behind after a grace period, so that its conversation goes on.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from kagami.errors import (
    Conflict,
    Denied,
    DialogClosed,
    DialogReplaced,
    KagamiError,
    NotFound,
    Parked,
    PluginError,
    Refused,
)
from kagami.net.deadlines import Deadlines
from kagami.plugins.contain import contained
from kagami.plugins.context import Context
from kagami.plugins.kit import Kit
from kagami.plugins.plugin import Handler
from kagami.plugins.scope import start

GRACE_S = 5.0
# How long a person may take for an answer while the version that asked is being replaced.
LONGEST_DIALOG_S = 600.0


class Crew:
    """The running handlers of one version. `stuck` counts those that ignored their cancellation.

    `busy` counts the events that hold this version: it is not closed while they do, unless they take too long.
    """

    def __init__(self, kit: Kit, limit: float, grace: float = GRACE_S) -> None:
        self.kit = kit
        self.limit = limit
        self.grace = grace
        self.tasks: dict[asyncio.Task[None], Run] = {}
        self.deadlines: Deadlines[Run] = Deadlines(Run.expire)
        self.stuck = 0
        self.busy = 0
        self._idle: asyncio.Event | None = None

    @property
    def waiting(self) -> int:
        """How many questions of this version are open."""
        return len(self.kit.questions.open)

    def release(self) -> None:
        """An event needs this version no more."""
        self.busy -= 1
        if not self.busy and self._idle is not None:
            self._idle.set()

    async def drain(self, limit: float, longest: float = LONGEST_DIALOG_S) -> int:
        """Let what runs finish; how many handlers do not even end when they are cancelled.

        Each handler has `limit` seconds of its own time. One that waits for a person keeps the version for at most
        `longest` seconds; then its question is closed with a word to that person.
        """
        if limit:
            for run in self.tasks.values():
                run.hurry(limit)
        await self._rest(longest)
        self.kit.questions.close(DialogReplaced)
        await self._rest(limit)
        for task, run in self.tasks.items():
            if not run.late:
                task.cancel()
        if self.tasks:
            await asyncio.wait(set(self.tasks), timeout=self.grace)
        if not self.tasks:
            self.deadlines.close()
        return len(self.tasks)

    async def _rest(self, seconds: float) -> None:
        """Until no event holds this version, at most so many seconds."""
        if self.busy and seconds:
            self._idle = asyncio.Event()
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._idle.wait()


class Run:
    """One handler at work. Also the clock of its limit, which its context stops while it waits."""

    __slots__ = (
        "_args",
        "_crew",
        "_ctx",
        "_done",
        "_handler",
        "_hurried",
        "_left",
        "_loop",
        "_running",
        "_since",
        "_task",
        "late",
        "waited",
    )

    def __init__(self, crew: Crew, handler: Handler, ctx: Context[Any], args: list[Any]) -> None:
        self._crew = crew
        self._handler = handler
        self._ctx = ctx
        self._args = args
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._left = crew.limit
        self._since = 0.0
        self._running = self._hurried = False
        self._task: asyncio.Task[None] | None = None
        self.late = False
        self.waited = 0.0
        ctx.run = self

    async def finish(self, name: str) -> None:
        """Run the handler and send what it returns. Raises a `KagamiError` when it failed or took too long."""
        self._task = task = start(name, self._work())
        self._crew.tasks[task] = self
        task.add_done_callback(self._crew.tasks.__delitem__)
        self.resume()
        try:
            await self._done
        except asyncio.CancelledError:
            # The lane itself is being ended: the handler ends with it, or is left behind.
            task.cancel()
            await asyncio.wait({task}, timeout=self._crew.grace)
            raise
        finally:
            self._crew.deadlines.drop(self)

    async def _work(self) -> None:
        plugin = self._crew.kit.plugin
        try:
            try:
                await contained(plugin, self._handle())
            except (Refused, NotFound, Denied, Conflict, DialogClosed) as notice:
                # What the person can mend, or has to know: trying again would change nothing.
                if said := notice.text(self._ctx.t):
                    await self._ctx.reply(said)
        except asyncio.CancelledError:
            limit = self._crew.limit
            reason = (
                f"a handler ran for more than {limit:g} s"
                if self.late and not self._hurried
                else "a handler was interrupted"
            )
            self._settle(self._suspended() or PluginError(plugin=plugin, reason=reason))
        except KagamiError as error:
            self._settle(self._suspended() or error)
        else:
            self._settle(self._suspended())
        finally:
            self._ctx.end()

    async def _handle(self) -> None:
        answer = await self._handler(self._ctx, *self._args)
        if answer is not None:
            await self._ctx.reply(answer)

    def _suspended(self) -> Parked | None:
        """However it ended: a handler whose question outlives this process is run again by the next."""
        if not self._ctx.suspended:
            return None
        return Parked(plugin=self._crew.kit.plugin, reason="a question waits for the next start", seconds=0.0)

    def _settle(self, error: KagamiError | None) -> None:
        if self._done.done():
            return
        if error is None:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)

    def pause(self) -> None:
        # One that is late has the time of grace alone, whatever it waits for and whoever hurries it.
        if self._running and not self.late:
            self._running = False
            self._crew.deadlines.drop(self)
            now = self._loop.time()
            self._left -= now - self._since
            self._since = now

    def resume(self) -> None:
        if not self._running and not self.late:
            now = self._loop.time()
            if self._since:
                self.waited += now - self._since
            self._since = now
            self._running = True
            self._crew.deadlines.put(self, now + self._left)

    def hurry(self, limit: float) -> None:
        """Leave it no more than so many seconds of its own time."""
        if self.late:
            return
        runs = self._running
        self.pause()
        if limit < self._left:
            self._left, self._hurried = limit, True
        if runs:
            self.resume()

    def expire(self) -> None:
        """Its time is up: cancel it, or leave it behind when that was tried before."""
        if self.late:
            self._give_up()
            return
        self.late = True
        self._crew.deadlines.put(self, self._loop.time() + self._crew.grace)
        if self._task is not None:
            self._task.cancel()

    def _give_up(self) -> None:
        self._crew.stuck += 1
        reason = f"a handler ignores its cancellation after {self._crew.limit:g} s: stuck"
        self._crew.kit.log.error("handler is stuck", handler=self._handler.__qualname__)
        self._settle(PluginError(plugin=self._crew.kit.plugin, reason=reason))
