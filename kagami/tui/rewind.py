"""The one time cursor: everything is looked at as it is now, or as it was in some second of the last hour."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.operations.system import Pulses
from kagami.ports import Pulse
from kagami.tui.keys import Action

if TYPE_CHECKING:
    from kagami.tui.acting import Verb
    from kagami.tui.desk import Desk

LONGEST_S = 3_600
FIRST_S = 10
SHOWN_S = 300

START = Action("time.rewind", ("t",), mark("rewind"), mark("Look at an earlier moment of the last hour"), hint=False)
LIVE = Action("time.live", ("0",), mark("live"), mark("Back to what is now"), hint=False, priority=True)
STEPS = (
    Action("time.back", ("left",), mark("-1 s"), mark("One second earlier"), hint=False, priority=True),
    Action("time.forth", ("right",), mark("+1 s"), mark("One second later"), hint=False, priority=True),
    Action("time.back10", ("shift+left",), mark("-10 s"), mark("Ten seconds earlier"), hint=False, priority=True),
    Action("time.forth10", ("shift+right",), mark("+10 s"), mark("Ten seconds later"), hint=False, priority=True),
)
ACTIONS = (START, LIVE, *STEPS)
_ONLY_REWOUND = frozenset(each.id for each in (LIVE, *STEPS))


class Rewind:
    """`at_ms` is 0 while everything is live. `moved` is called after every change."""

    def __init__(self, desk: Desk, moved: Callable[[], None]) -> None:
        self.at_ms = 0
        self._desk = desk
        self._moved = moved
        self._past: list[Pulse] = []

    def verbs(self) -> Mapping[str, Verb]:
        return {
            START.id: lambda: self.step(-FIRST_S),
            LIVE.id: self.to_now,
            "time.back": lambda: self.step(-1),
            "time.forth": lambda: self.step(1),
            "time.back10": lambda: self.step(-10),
            "time.forth10": lambda: self.step(10),
        }

    def takes(self, action: str) -> bool:
        """Whether a key is ours now: most are only while the past is looked at."""
        return action not in _ONLY_REWOUND or bool(self.at_ms)

    async def step(self, seconds: float) -> None:
        await self.go((self.at_ms or self._now()) + int(seconds * 1000))

    async def go(self, at_ms: int) -> None:
        """To a moment; what is not past is now, what is too long past is the oldest that is known."""
        now = self._now()
        if at_ms >= now:
            self.live()
            return
        if not self.at_ms:
            self._past = await self._desk.control.call(Pulses(seconds=LONGEST_S))
        oldest = self._past[0].at_ms if self._past else now - LONGEST_S * 1000
        self.at_ms = max(at_ms, oldest)
        self._moved()

    @property
    def hints(self) -> Sequence[Action]:
        """What the footer shows while the past is looked at."""
        return (LIVE, *STEPS) if self.at_ms else ()

    def to_now(self) -> None:
        self.live()

    def live(self) -> bool:
        """Back to now; False when it was now already."""
        was, self.at_ms, self._past = self.at_ms, 0, []
        if was:
            self._moved()
        return bool(was)

    @property
    def behind(self) -> str:
        """How far back, for people: `-03:12`; empty when live."""
        if not self.at_ms:
            return ""
        minutes, seconds = divmod(max(0, self._now() - self.at_ms) // 1000, 60)
        return f"-{minutes:02d}:{seconds:02d}"

    def pulse(self, live: Pulse | None) -> Pulse | None:
        """The pulse of the moment."""
        place = self._place()
        return self._past[place - 1] if self.at_ms and place else live

    def history(self, live: Sequence[Pulse]) -> Sequence[Pulse]:
        """The five minutes before the moment."""
        place = self._place()
        return self._past[max(0, place - SHOWN_S) : place] if self.at_ms else live

    def _place(self) -> int:
        return bisect_right(self._past, self.at_ms, key=lambda pulse: pulse.at_ms)

    def _now(self) -> int:
        return self._desk.clock.wall_ms()


def moment(text: str, now_ms: int) -> int:
    """What a person means by `23:41`, `23:41:05`, `-10m`, `-90s`, in milliseconds since 1970."""
    word = text.strip()
    if word.startswith("-") and word[1:-1].replace(".", "", 1).isdigit() and word[-1:] in _UNITS:
        return now_ms - int(float(word[1:-1]) * _UNITS[word[-1]] * 1000)
    now = datetime.fromtimestamp(now_ms / 1000).astimezone()
    for form in ("%H:%M:%S", "%H:%M"):
        try:
            at = datetime.strptime(word, form).time()  # noqa: DTZ007 - a time of day, today or yesterday
        except ValueError:
            continue
        then = now.replace(hour=at.hour, minute=at.minute, second=at.second, microsecond=0)
        return int((then if then <= now else then - timedelta(days=1)).timestamp() * 1000)
    raise UsageError(reason=mark("Give a time like 23:41 or 23:41:05, or how long ago: -10m, -90s."))


_UNITS = {"s": 1, "m": 60, "h": 3_600}
