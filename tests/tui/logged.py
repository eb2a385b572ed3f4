"""A console on an engine with one bot that has to log in, and a login whose steps a test writes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual._context import visible_screen_stack
from textual.pilot import Pilot

from kagami.operations.bots import Login, LoginAnswer, LoginEnd, LoginRefresh, LoginStepOf
from kagami.ports import LoginStep
from kagami.ports.login import StepKind
from kagami.tui.app import Console
from kagami.tui.dialogs.login import LoginDialog
from kagami.tui.format import Tier
from kagami.tui.shell import Leave
from tests.operations.logins import WrittenLogin
from tests.photo import codes_in, picture_of
from tests.tui.engine import FakeControl, bot
from tests.tui.pilot import Size, press, run_console, settled, until

LOST = bot("qq-2", "qq:10003000", "napcat", "auth_failed", since_s=240, reason="the session was lost")


class LoggedControl(FakeControl):
    """`going` is the login of its bot; each `bots.login` after its end begins another."""

    def __init__(self) -> None:
        super().__init__(bots=[LOST])
        self.going = WrittenLogin()
        self.answers |= {
            Login: self._login,
            LoginStepOf: lambda request: self.going.step(request.after, request.seconds),
            LoginAnswer: self._answer,
            LoginRefresh: lambda _: self.going.refresh(),
            LoginEnd: lambda _: self.going.close(),
        }

    async def _login(self, _: Login) -> LoginStep:
        if self.going.now.over:
            self.going = WrittenLogin()
        return await self.going.step()

    async def _answer(self, request: LoginAnswer) -> LoginStep:
        await self.going.answer(request.words)
        return await self.going.step()


class Seat:
    """In front of the login dialog."""

    def __init__(self, console: Console, pilot: Pilot[Leave], control: LoggedControl) -> None:
        self.console, self.pilot, self.control = console, pilot, control

    @property
    def dialog(self) -> LoginDialog:
        screen = self.console.screen
        assert isinstance(screen, LoginDialog)
        return screen

    @property
    def going(self) -> WrittenLogin:
        return self.control.going

    async def press(self, *keys: str) -> None:
        await press(self.console, self.pilot, *keys)

    async def shown(self) -> None:
        """The dialog shows the present step of the login."""
        await until(lambda: self.dialog.view.step == self.going.now)
        await settled(self.console, self.pilot)

    async def go(self, kind: StepKind, text: str = "", **more: Any) -> None:
        self.going.go(kind, text, **more)
        await self.shown()

    async def show_code(self, *text: str, **more: Any) -> None:
        self.going.show_code(*text, **more)
        await self.shown()

    def codes(self) -> list[str]:
        """What a camera in front of the screen reads."""
        token = visible_screen_stack.set(self.console._background_screens)
        try:
            return codes_in(picture_of(self.console.screen._compositor.render_strips()))
        finally:
            visible_screen_stack.reset(token)


@asynccontextmanager
async def logging_in(
    size: Size = (80, 24),
    *,
    language: str = "en",
    tier: Tier = "full",
    theme: str = "night",
    control: LoggedControl | None = None,
) -> AsyncIterator[Seat]:
    control = control or LoggedControl()
    async with run_console(size, language=language, tier=tier, theme=theme, control=control) as (console, pilot):
        await press(console, pilot, "2", "l")
        await until(lambda: isinstance(console.screen, LoginDialog))
        yield Seat(console, pilot, control)
