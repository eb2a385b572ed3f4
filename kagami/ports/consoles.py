"""The terminal UI in browsers: what the web asks of whoever runs it."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec

from kagami.model.principal import Principal
from kagami.ports.people import Login

Ended = Literal["left", "logout", "idle", "away", "elsewhere", "broken", "stopping"]
"""Why a console ended, or why a tab has it no more.

Its person left it; its login ended; nothing was typed for long; its line was down for long; another page took it; it
failed; the engine stops.
"""


class Seat(msgspec.Struct, frozen=True, kw_only=True):
    """A tab that wants its console: `tab` is a name that the tab chose, `login` the one that it came with.

    `width` and `height` are cells; `language` is what the browser asks for, should the person have chosen none.
    """

    who: Principal
    login: Login
    tab: str
    language: str
    width: int
    height: int


class Screen(Protocol):
    """A tab's hold on its console. Nothing here waits for the console but `output`."""

    async def output(self) -> str:
        """What the terminal has to be given next; empty when the tab has the console no more, for `ended`."""
        ...

    @property
    def ended(self) -> Ended: ...

    def type(self, text: str) -> None:
        """What the terminal sends: keys, pastes, clicks."""
        ...

    def resize(self, width: int, height: int) -> None: ...

    def focus(self, *, here: bool) -> None: ...

    def leave(self, *, closed: bool) -> None:
        """The line is down. A tab that has `closed` it is given less time to come back: a reload is quick."""
        ...


class Consoles(Protocol):
    async def open(self, seat: Seat) -> Screen:
        """The console of this tab as it was left, else a new one; `Conflict` when there are too many."""
        ...
