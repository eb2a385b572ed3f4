"""What places and widgets may ask of the console around them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal, Protocol, runtime_checkable

from kagami.clock import Clock
from kagami.ports import Control, Notice, Pulse
from kagami.tui.looks import Looks

Level = Literal["info", "warning", "error"]


class Leave(Enum):
    """How a console ended: the engine shall stop, or go on without it; `LOST` when the terminal went away."""

    STOP = auto()
    DETACH = auto()
    LOST = auto()


@runtime_checkable
class HangsUp(Protocol):
    """An app that can lose its terminal."""

    def hang_up(self) -> None:
        """Called in any thread."""
        ...


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
    def stale_s(self) -> float:
        """Seconds without a pulse when the engine does not answer, else 0."""
        ...

    def t(self, text: str) -> str: ...

    def say(self, title: str, body: str = "", level: Level = "info") -> None:
        """A toast; also kept among the notices of this session."""
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

    async def choose(self, question: Question, buttons: Sequence[str]) -> int:
        """The number of the chosen button; 0 for none."""
        ...

    async def ask(self, question: Question) -> bool: ...

    async def prompt(
        self, label: str, value: str = "", *, changed: Callable[[str], None] | None = None, words: tuple[str, ...] = ()
    ) -> str | None:
        """One line of text at the bottom; None when it was left with Esc. `words` complete what is typed."""
        ...
