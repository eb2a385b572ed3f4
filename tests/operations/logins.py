"""A login whose steps a test writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from kagami.errors import UsageError
from kagami.ports import Choice, LoginStep
from kagami.ports.login import StepKind

LINK = "https://txz.qq.com/p?k=abcdefghijklmnopqrstuvwxyz012345&f=1600001604"


class WrittenLogin:
    """Implements `ports.Login`. `go` shows a step; `answers`, `refreshed` and `closed` are what it was told."""

    def __init__(self) -> None:
        self.now = LoginStep(number=1, kind="wait", text="One moment…")
        self.answers: list[Mapping[str, str]] = []
        self.refreshed = 0
        self.closed = False
        self._changed = asyncio.Event()

    def go(self, kind: StepKind, text: str = "", **more: Any) -> None:
        self.now = LoginStep(number=self.now.number + 1, kind=kind, text=text, **more)
        self._changed.set()
        self._changed = asyncio.Event()

    def show_code(self, text: str = LINK, **more: Any) -> None:
        self.go("qr", "Scan the code with QQ on your phone.", qr=text, **more)

    def ask_choice(self) -> None:
        ways = (Choice("10001", "小明 [b]x[/b]"), Choice("code", "By a QR code", known=True))
        self.go("choose", "How shall it log in?", choices=ways)

    async def step(self, after: int = 0, seconds: float = 0.0) -> LoginStep:
        try:
            async with asyncio.timeout(seconds):
                while after and self.now.number <= after and not self.now.over:
                    await self._changed.wait()
        except TimeoutError:
            pass
        return self.now

    async def answer(self, words: Mapping[str, str]) -> None:
        if self.now.kind not in ("choose", "ask"):
            raise UsageError(reason="The login waits for something else: look at its present step.")
        self.answers.append(words)
        self.go("wait", "One moment…")

    async def refresh(self) -> None:
        self.refreshed += 1

    async def close(self) -> None:
        self.closed = True
        self.go("failed", "The login was given up.")


Script = Callable[["WrittenLogin"], None]


class PlayedLogin(WrittenLogin):
    """Goes on by itself, whenever somebody waits for the next step and nothing is asked of them."""

    def __init__(self, *script: Script) -> None:
        super().__init__()
        self.script = list(script)

    async def step(self, after: int = 0, seconds: float = 0.0) -> LoginStep:
        if after == self.now.number and self.script and self.now.kind not in ("choose", "ask"):
            self.script.pop(0)(self)
        return await super().step(after, seconds)


class LoginAccounts:
    """What of `ports.Accounts` a login needs: one bot, `qq-2`."""

    def __init__(self, going: WrittenLogin | None = None) -> None:
        self.going = going or WrittenLogin()

    def login(self, bot: str) -> WrittenLogin:
        return self.going

    def login_of(self, bot: str) -> WrittenLogin:
        return self.going
