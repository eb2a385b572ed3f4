"""One console in a browser: its app in the consoles' loop, and the seat in front of it in the engine's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from kagami.clock import Clock
from kagami.ports import Control
from kagami.ports.consoles import Ended, Seat
from kagami.tui.line import Line

if TYPE_CHECKING:
    from kagami.tui.browser import BrowserConsole, BrowserDriver

# For a tab whose line broke, and for one that was closed or loads its page anew.
AWAY_S, CLOSED_S = 60.0, 10.0


class Session:
    """One console and the seat in front of it; lives in the engine's loop, but for what says otherwise."""

    def __init__(self, seat: Seat, control: Control, kept: str, clock: Clock) -> None:
        self.seat = seat
        self.kept = kept  # what the person's next console begins with, as JSON
        self.ended: Ended | None = None
        self.gone_by = float("inf")
        self.typed_at = clock.monotonic()
        self._clock = clock
        self._control = control
        self._app: BrowserConsole | None = None
        self._there: asyncio.AbstractEventLoop | None = None
        self.hold = Hold(self)

    def attach(self, seat: Seat) -> Hold:
        """Let this seat have it; the one before is told."""
        before, self.hold = self.hold, Hold(self)
        before.line.end("elsewhere")
        self.seat, self.gone_by = seat, float("inf")
        self.tell(lambda driver: driver.attach(self.hold.line))
        self.hold.resize(seat.width, seat.height)
        return self.hold

    def end(self, why: Ended) -> None:
        self.ended = self.ended or why
        self.hold.line.end(self.ended)
        if self._there is not None:
            with suppress(RuntimeError):
                self._there.call_soon_threadsafe(self._exit)

    def leave(self, line: Line, seconds: float) -> None:
        self.gone_by = self._clock.monotonic() + seconds
        self.tell(lambda driver: driver.detach(line))

    def typed(self, text: str) -> None:
        self.typed_at = self._clock.monotonic()
        self.tell(lambda driver: driver.feed(text))

    def tell(self, act: Callable[[BrowserDriver], None]) -> None:
        """Do something with the driver, in the consoles' loop."""
        if self._there is not None:
            with suppress(RuntimeError):
                self._there.call_soon_threadsafe(self._with_driver, act)

    # In the consoles' loop.

    async def run(self) -> None:
        from kagami.tui.browser import BrowserConsole  # noqa: PLC0415 (loads Textual)
        from kagami.tui.state import read  # noqa: PLC0415

        seat = self.seat
        self._app = app = BrowserConsole(
            self._control, seat.who, self.hold.line, language=seat.language, state=read(self.kept)
        )
        self._there = asyncio.get_running_loop()
        if self.ended is None:
            await app.run_async(size=(seat.width, seat.height))
        self.kept = msgspec.json.encode(app.state).decode()
        self.ended = self.ended or ("broken" if app.failed else "left")
        self._app = None

    def _exit(self) -> None:
        if self._app is not None:
            self._app.exit()

    def _with_driver(self, act: Callable[[BrowserDriver], None]) -> None:
        if self._app is not None and self._app.driver is not None:
            act(self._app.driver)


class Hold:
    """Implements `ports.Screen`."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.line = Line(self._paint)

    async def output(self) -> str:
        return await self.line.take()

    @property
    def ended(self) -> Ended:
        return self.line.ended or "broken"

    def type(self, text: str) -> None:
        if self._is_held:
            self._session.typed(text)

    def resize(self, width: int, height: int) -> None:
        self._session.tell(lambda driver: driver.resize(width, height))

    def focus(self, *, here: bool) -> None:
        self._session.tell(lambda driver: driver.focus(here=here))

    def leave(self, *, closed: bool) -> None:
        if self._is_held:
            self._session.leave(self.line, CLOSED_S if closed else AWAY_S)

    @property
    def _is_held(self) -> bool:
        return self._session.hold is self

    def _paint(self) -> None:
        self._session.tell(lambda driver: driver.paint())
