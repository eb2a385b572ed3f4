"""A login that a coroutine walks through, with people at its side."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec

from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.net.supervise import Nursery
from kagami.ports import LoginStep
from kagami.ports.login import StepKind


class LoginWalk:
    """Implements `ports.Login`. `walk` shows steps, waits for answers, and returns when it has shown the last one."""

    def __init__(self, nursery: Nursery, name: str, walk: Callable[[LoginWalk], Awaitable[None]]) -> None:
        self._now = LoginStep(number=1, kind="wait", text=mark("One moment…"))
        self._changed = asyncio.Event()
        self._answers: asyncio.Queue[dict[str, str]] = asyncio.Queue(1)
        self._again = asyncio.Event()
        self._task = nursery.start(f"login of {name}", self._run(walk))

    async def _run(self, walk: Callable[[LoginWalk], Awaitable[None]]) -> None:
        try:
            await walk(self)
        finally:
            self._give_up()

    def _give_up(self) -> None:
        if not self._now.over:
            self.show("failed", mark("The login was given up."))

    # --- ports.Login ---

    async def step(self, after: int = 0, seconds: float = 0.0) -> LoginStep:
        try:
            async with asyncio.timeout(seconds):
                while after and self._now.number <= after and not self._now.over:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self._now

    async def answer(self, words: Mapping[str, str]) -> None:
        step = self._now
        wanted = ("choice",) if step.kind == "choose" else step.asks
        if not wanted or any(not words.get(name) for name in wanted):
            raise UsageError(reason=mark("The login waits for something else: look at its present step."))
        if step.kind == "choose" and words["choice"] not in {each.key for each in step.choices}:
            raise UsageError(reason=mark("That is none of the choices."))
        self._forget_answers()
        self._answers.put_nowait({name: words[name] for name in wanted})

    def _forget_answers(self) -> None:
        while not self._answers.empty():
            self._answers.get_nowait()

    async def refresh(self) -> None:
        self._again.set()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        self._give_up()  # it may not even have begun

    # --- for the walk ---

    @property
    def over(self) -> bool:
        return self._now.over

    def show(self, kind: StepKind, text: str, **more: Any) -> None:
        """The next step; the same one again changes nothing."""
        step = LoginStep(number=self._now.number + 1, kind=kind, text=text, **more)
        if msgspec.structs.replace(step, number=self._now.number) == self._now:
            return
        self._now = step
        self._changed.set()
        self._changed = asyncio.Event()

    async def answered(self, kind: StepKind, text: str, **more: Any) -> dict[str, str]:
        """Show a step that asks for something, and wait for the answer. One that came too late for the step before is
        none to this one.
        """
        self._forget_answers()
        self.show(kind, text, **more)
        return await self._answers.get()

    async def refreshed(self, seconds: float) -> bool:
        """Wait so long, or until somebody asks for another code: then True."""
        try:
            async with asyncio.timeout(seconds):
                await self._again.wait()
        except TimeoutError:
            return False
        self._again.clear()
        return True
