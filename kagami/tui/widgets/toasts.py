"""Short words at the top right: what happened and what to do. Everything said is kept for the notices."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from kagami.tui.format import fold, visible
from kagami.tui.shell import Level, Shell
from kagami.tui.widgets.above import Above
from kagami.tui.widgets.painted import Line, Span

MOST = 3
MOST_ROWS = 3
WIDTH = 44
KEPT = 200
_SECONDS = {"info": 4.0, "warning": 8.0, "error": float("inf")}
_ROLES = {"info": "accent", "warning": "warn", "error": "bad"}


@dataclass(slots=True)
class Said:
    """One toast; `times` counts the same words said again."""

    title: str
    body: str
    level: Level
    at_ms: int
    until: float
    times: int = 1


class Toasts(Above):
    """At most three; information goes by itself, errors stay until Esc or the notices."""

    DEFAULT_CSS = "Toasts { layer: over; position: absolute; width: 44; height: 1; display: none; background: $panel; }"
    GROUND = "bar"

    def __init__(self, shell: Shell) -> None:
        super().__init__(shell)
        self.said: deque[Said] = deque(maxlen=KEPT)
        self._up: list[Said] = []

    def add(self, title: str, body: str, level: Level) -> None:
        now = self.shell.clock.monotonic()
        until = now + _SECONDS[level]
        for toast in self._up:
            if (toast.title, toast.body, toast.level) == (title, body, level):
                toast.times += 1
                toast.until = until
                break
        else:
            toast = Said(title, body, level, self.shell.clock.wall_ms(), until)
            self.said.append(toast)
            self._up = [*self._up, toast][-MOST:]
        self._lay_out()

    def tick(self) -> None:
        """Take away what has been there long enough."""
        now = self.shell.clock.monotonic()
        staying = [toast for toast in self._up if toast.until > now]
        if len(staying) != len(self._up):
            self._up = staying
            self._lay_out()
        elif staying:
            self.refresh()  # what lies below may be another place by now, with other edges

    def seen(self) -> bool:
        """The user has read them; False when there was nothing."""
        had = bool(self._up)
        self._up = []
        self._lay_out()
        return had

    def lines(self, width: int, height: int) -> Sequence[Line]:
        return self._rows(width)[:height]

    def _rows(self, width: int) -> list[Line]:
        return [row for toast in self._up for row in self._toast(toast, width)]

    def _toast(self, toast: Said, width: int) -> list[Line]:
        looks = self.shell.looks
        sign = Span(f"{looks.glyphs.here} ", _ROLES[toast.level])
        times = f" x{toast.times}" if toast.times > 1 else ""
        title = fold(visible(toast.title + times, looks.text), width - 4)[:MOST_ROWS]
        body = fold(visible(toast.body, looks.text), width - 4)[:MOST_ROWS] if toast.body else []
        return [*([sign, Span(row, "strong")] for row in title), *([sign, Span(row)] for row in body)]

    def _lay_out(self) -> None:
        self.display = bool(self._up)
        if self._up:
            width = min(WIDTH, self.app.size.width - 2)
            self.styles.width = width
            self.styles.height = len(self._rows(width))
            self.styles.offset = (self.app.size.width - width - 1, 2)
            self.call_after_refresh(self.repaint)
