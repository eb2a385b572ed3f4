"""Tasks with an owner. Everything that runs beside something else is started here, so that it has a name, its failure
is told, one failure touches nobody else, and closing waits for all of it within a limit.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import msgspec

from kagami import log
from kagami.clock import Clock, SystemClock
from kagami.core.backoff import Pause, Randomness, Restarts

Fell = Callable[[str, Pause], None]
Result = TypeVar("Result")

CLOSING_SECONDS = 5.0
FAILURES_KEPT = 100

_say = log.get("tasks")


class Failure(msgspec.Struct, frozen=True):
    """A task ended with an error. `at_ms` is wall time."""

    task: str
    reason: str
    at_ms: int


class Loop(msgspec.Struct):
    """How a kept loop is; `reason` is its last crash."""

    name: str
    state: Literal["running", "backoff", "crash_loop", "stopped"] = "running"
    reason: str = ""
    crashes: int = 0


class Nursery:
    """Owns named tasks: `async with Nursery() as nursery`. On leaving, the newest task is cancelled first.

    A task that fails is logged with its cause and kept in `failures`; its siblings run on.
    """

    def __init__(
        self,
        clock: Clock | None = None,
        *,
        randomness: Randomness = random.random,
        closing: float = CLOSING_SECONDS,
    ) -> None:
        self._clock = clock or SystemClock()
        self._random = randomness
        self._closing = closing
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._open = True
        self.failures: deque[Failure] = deque(maxlen=FAILURES_KEPT)
        self.loops: dict[str, Loop] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def names(self) -> list[str]:
        """Names of the running tasks, oldest first."""
        return [task.get_name() for task in self._tasks]

    def start(self, name: str, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Run `work` as a task. Whoever needs its result may await the task, which does not take it over."""
        if not self._open:
            work.close()
            raise RuntimeError(f"the nursery is closed; {name} cannot start")
        loop = asyncio.get_running_loop()
        # Past whatever stands before the loop's own method to hear what plugins start: this has an owner.
        task = type(loop).create_task(loop, work, name=name)
        self._tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def keep(
        self,
        name: str,
        factory: Callable[[], Awaitable[None]],
        *,
        restarts: Restarts | None = None,
        fell: Fell = lambda _reason, _pause: None,
    ) -> asyncio.Task[None]:
        """Run `factory()` until it returns, and again after a pause whenever it raises; `fell` hears of each time."""
        loop = self.loops[name] = Loop(name)
        return self.start(name, self._supervise(loop, factory, restarts or Restarts(self._random), fell))

    async def _supervise(
        self, loop: Loop, factory: Callable[[], Awaitable[None]], restarts: Restarts, fell: Fell
    ) -> None:
        try:
            while True:
                loop.state = "running"
                try:
                    return await factory()
                except Exception as error:  # noqa: BLE001 - the supervisor's duty: whatever it is, the loop goes on
                    pause = restarts.crashed(self._clock.monotonic())
                    self._failed(loop.name, error)
                    loop.crashes += 1
                    loop.reason = _shown(error)
                    loop.state = "crash_loop" if pause.looping else "backoff"
                    fell(loop.reason, pause)
                await self._clock.sleep(pause.seconds)
        finally:
            loop.state = "stopped"

    def _ended(self, task: asyncio.Task[Any]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(task.get_name(), error)

    def _failed(self, name: str, error: BaseException) -> None:
        self.failures.append(Failure(name, _shown(error), self._clock.wall_ms()))
        _say.error("task failed", cause=error, task=name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Cancel every task, newest first, each when the one before has ended; whatever is left then is named."""
        self._open = False
        own = asyncio.current_task()
        try:
            async with asyncio.timeout(self._closing):
                while mine := [task for task in self._tasks if task is not own]:
                    mine[-1].cancel()
                    await asyncio.wait(mine[-1:])
        except TimeoutError:
            for task in self._tasks:
                task.cancel()
            _say.warning("tasks do not end", tasks=", ".join(self.names()))


def _shown(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
