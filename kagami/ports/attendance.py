"""Who looks at the engine right now."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Literal, Protocol

import msgspec

from kagami.model.principal import Principal

Face = Literal["console", "browser", "feed"]


class OperatorRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One open face: a `console` on this machine, one in a `browser`, or a live `feed` of a program.

    `session` is the login behind it, where that can be ended; `sent_bytes` counts what a line carried, 0 where none
    does.
    """

    kind: str
    name: str
    face: Face
    since_ms: int
    address: str = ""
    session: str = ""
    sent_bytes: int = 0


class Presence(Protocol):
    """One face, while it is open."""

    def sent(self, size: int) -> None:
        """So many bytes went to it."""
        ...


class Attendance(Protocol):
    def enter(self, who: Principal, face: Face, session: str = "") -> AbstractContextManager[Presence]:
        """A face is open until the context ends."""
        ...

    def rows(self) -> list[OperatorRow]:
        """The oldest first."""
        ...
