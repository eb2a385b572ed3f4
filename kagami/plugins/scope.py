"""Owned effects: whatever a plugin starts through its scope is undone in reverse order when the plugin goes.

This is also the only place of the host that makes tasks, so that each has an owner, a name and a reader of its failure.
"""

from __future__ import annotations

import asyncio
import gc
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from types import FrameType, ModuleType
from typing import Any, TypeVar

from kagami.clock import Clock
from kagami.errors import PluginError
from kagami.log import Log
from kagami.plugins.contain import contained

Result = TypeVar("Result")
Undo = Callable[[], Awaitable[object] | None]

CLOSE_LIMIT_S = 5.0
# From an undo to what it undoes: a function, its closure, a cell, a bound method.
HELD_DEPTH = 4


def start(name: str, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
    """Run `work` as a task that the caller owns."""
    loop = asyncio.get_running_loop()
    # Past the census, which stands before the loop's own method: a task with an owner is none of its business.
    return type(loop).create_task(loop, work, name=name)


def alarm(clock: Clock, seconds: float, ring: Callable[[], None]) -> asyncio.Task[None]:
    """Call `ring` after so many seconds of `clock`, unless the task is cancelled before."""

    async def sleep() -> None:
        await clock.sleep(seconds)
        ring()

    return start("alarm", sleep())


async def ended(task: asyncio.Task[Any], limit: float) -> bool:
    """Wait for a task at most `limit` seconds, then cancel it and wait as long again; False when it runs even then."""
    done, _ = await asyncio.wait({task}, timeout=limit)
    if not done:
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=min(limit, CLOSE_LIMIT_S))
    return bool(done)


@dataclass(eq=False, slots=True)
class _Effect:
    what: str
    place: str
    undo: Undo


class Scope:
    """The effects of one running version of a plugin."""

    def __init__(self, owner: str, log: Log, *, close_limit: float = CLOSE_LIMIT_S) -> None:
        self._owner = owner
        self._log = log
        self._limit = close_limit
        self._effects: dict[_Effect, None] = {}
        self._tasks: dict[asyncio.Task[Any], _Effect] = {}
        self._closed = False

    def __len__(self) -> int:
        return len(self._effects)

    def task(self, work: Coroutine[Any, Any, Result], *, name: str = "") -> asyncio.Task[Result]:
        """Run `work` beside the handlers. A failure is logged; the task is cancelled when the plugin goes."""
        if self._closed:
            work.close()
            raise PluginError(plugin=self._owner, reason="it is closed and can start nothing")
        title = name or _title(work)
        task = start(f"{self._owner}: {title}", contained(self._owner, work))
        self._tasks[task] = effect = _Effect(f"task {title}", _caller(), lambda: self._stop(task))
        self._effects[effect] = None
        task.add_done_callback(self._task_ended)
        return task

    def on_close(self, undo: Undo) -> None:
        """Call `undo` (plain or async) when the plugin goes."""
        self._effects[_Effect("on_close", _caller(), undo)] = None

    async def enter(self, resource: AbstractAsyncContextManager[Result]) -> Result:
        """Enter an async context manager, to be left when the plugin goes."""
        place = _caller()
        value = await resource.__aenter__()
        self._effects[_Effect(type(resource).__name__, place, lambda: resource.__aexit__(None, None, None))] = None
        return value

    def held(self) -> set[int]:
        """The `id`s of what the undos hold: bound to them, or in their closures."""
        found: set[int] = set()
        level: list[Any] = [effect.undo for effect in self._effects]
        for _ in range(HELD_DEPTH):
            level = [each for each in gc.get_referents(*level) if not isinstance(each, (dict, type, ModuleType))]
            found.update(map(id, level))
        return found

    async def close(self) -> list[str]:
        """Undo everything, the newest first. Tells what survived or failed, with the place that made it."""
        self._closed = True
        survivors = []
        while self._effects:
            effect, _ = self._effects.popitem()
            if problem := await self._call(effect):
                survivors.append(f"{effect.what} of {effect.place}: {problem}")
        return survivors

    async def _stop(self, task: asyncio.Task[Any]) -> None:
        task.cancel()
        done, _ = await asyncio.wait({task}, timeout=self._limit)
        if not done:
            raise PluginError(plugin=self._owner, reason="it ignores its cancellation")

    async def _call(self, effect: _Effect) -> str:
        """Undo one effect; what went wrong, or nothing."""

        async def undo() -> None:
            result = effect.undo()
            if inspect.isawaitable(result):
                await result

        task = start(f"{self._owner}: {effect.what}", contained(self._owner, undo()))
        if not await ended(task, self._limit * 2):
            return "it does not end"
        if task.cancelled():
            return "it took too long"
        error = task.exception()
        return str(error) if error else ""

    def _task_ended(self, task: asyncio.Task[Any]) -> None:
        self._effects.pop(self._tasks.pop(task), None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("background task failed", cause=error.__cause__ or error, task=task.get_name())


def strays(module: str) -> Iterator[tuple[asyncio.Task[Any], str]]:
    """Tasks of this loop, except the current one, that run code of `module` or below, with their place."""
    current = asyncio.current_task()
    for task in asyncio.all_tasks():
        if task is not current and (frame := _frame_of(task, module)) is not None:
            yield task, place_of(frame)


def _frame_of(task: asyncio.Task[Any], module: str) -> FrameType | None:
    work: Any = task.get_coro()
    while inspect.iscoroutine(work):
        frame: FrameType | None = work.cr_frame
        if frame is not None and belongs(str(frame.f_globals.get("__name__", "")), module):
            return frame
        work = work.cr_await
    return None


def belongs(name: str, module: str) -> bool:
    """Whether the module `name` is `module` or inside it."""
    return name == module or name.startswith(f"{module}.")


def place_of(frame: FrameType) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _title(work: Any) -> str:
    return str(work.__qualname__)


def _caller() -> str:
    """File and line of the code that called the method that calls this."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = frame.f_back if frame else None
    return place_of(frame) if frame else "?"
