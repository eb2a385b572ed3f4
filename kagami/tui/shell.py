"""What places and widgets may ask of the console around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, Protocol, runtime_checkable

import msgspec

from kagami.clock import Clock
from kagami.ports import Control, Notice, Pulse
from kagami.tui.keymap import Keymap
from kagami.tui.looks import Looks
from kagami.tui.state import State

Level = Literal["info", "warning", "error"]


class Leave(Enum):
    """How a console ended: the engine shall stop, or go on without it.

    `LOST` when the terminal went away, `BROKEN` by an error of the console's own; the engine goes on then too.
    """

    STOP = auto()
    DETACH = auto()
    LOST = auto()
    BROKEN = auto()


@runtime_checkable
class HangsUp(Protocol):
    """An app that can lose its terminal."""

    def hang_up(self) -> None:
        """Called in any thread."""
        ...


@runtime_checkable
class TellsLink(Protocol):
    """A driver that measures its line."""

    @property
    def rtt_s(self) -> float: ...


@runtime_checkable
class Repaints(Protocol):
    """A widget that the shell asks to paint anew when language, theme or glyphs change."""

    def repaint(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Question:
    """A dialog before something that matters: what, its consequences, and the two buttons; it defaults to `keep`."""

    title: str
    consequences: tuple[tuple[str, str], ...]
    keep: str
    go: str


class Shell(Protocol):
    """The console, as its parts see it. `looks`, `language` and what `t` answers may change at any moment."""

    @property
    def control(self) -> Control: ...

    @property
    def clock(self) -> Clock: ...

    @property
    def looks(self) -> Looks: ...

    @property
    def language(self) -> str: ...

    @property
    def keymap(self) -> Keymap:
        """The keys that this person has chosen."""
        ...

    @property
    def pulse(self) -> Pulse | None:
        """The newest pulse; None before the first."""
        ...

    @property
    def notices(self) -> list[Notice]:
        """What the engine wants a person to know, oldest first."""
        ...

    @property
    def history(self) -> Sequence[Pulse]:
        """The pulses of the last five minutes, oldest first."""
        ...

    @property
    def moment_ms(self) -> int:
        """The moment that is looked at, in milliseconds since 1970; 0 for now. Pulse and history are of it."""
        ...

    def look_at(self, moment_ms: int) -> None:
        """Look at another moment of the last hour."""
        ...

    @property
    def behind(self) -> str:
        """How far back is looked, for people: `-03:12`; empty for now."""
        ...

    def lacks(self, scope: str) -> str:
        """Why this person may not do what needs `scope`, in their language; empty when they may."""
        ...

    @property
    def link_s(self) -> float:
        """How long the line to the terminal takes for a frame and back; 0 when that is not known."""
        ...

    @property
    def state(self) -> State:
        """What this person's eye has chosen; it is kept when the console ends."""
        ...

    @property
    def stale_s(self) -> float:
        """Seconds without a pulse when the engine does not answer, else 0."""
        ...

    def t(self, text: str) -> str: ...

    def say(self, title: str, body: str = "", level: Level = "info") -> None:
        """A toast; also kept among the notices of this session."""
        ...

    def changed(self, words: str, way_back: msgspec.Struct) -> None:
        """Something was changed: `u` sends `way_back`, which makes it as the `words` say."""
        ...

    def opening(self, work: Awaitable[None]) -> Awaitable[None]:
        """The work of a key: from now on keys wait until something that it opens has the keyboard, or it has ended."""
        ...

    def go(self, place: str, target: str = "") -> None:
        """Open a place by its name; `target` is handed to its `open_at`."""
        ...

    def refresh_chrome(self) -> None:
        """Paint breadcrumb and footer anew: where one is, or what can be done there, has changed."""
        ...

    def copy(self, text: str) -> None:
        """To the clipboard (OSC 52), with a toast that says what happened."""
        ...

    def opener(self) -> str:
        """The program that opens links on this person's screen; empty where there is none."""
        ...

    async def choose(self, question: Question, buttons: Sequence[str]) -> int:
        """The number of the chosen button; 0 for none."""
        ...

    async def ask(self, question: Question) -> bool: ...

    async def ask_name(self, question: Question, name: str) -> bool:
        """Before what cannot be undone: True once `name` was typed."""
        ...

    async def prompt(
        self,
        label: str,
        value: str = "",
        *,
        changed: Callable[[str], None] | None = None,
        words: tuple[str, ...] = (),
        secret: bool = False,
        history: Sequence[str] | None = None,
    ) -> str | None:
        """One line of text at the bottom; None when it was left with Esc. `words` complete what is typed.

        What is typed of a `secret` cannot be read. The up key goes through `history`, or through the commands.
        """
        ...
