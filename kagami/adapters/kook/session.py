"""One session of KOOK's gateway: what comes next, decided from frames and times. Pure.

Events carry a number, `sn`, from 1 up. They are handed out in order; what comes early waits, what came is dropped. A
ping every half minute tells the last number that is on disk, and the server sends again what comes after it. After a
broken connection the session goes on at its old address from that number, as long as the server knows it.

Source: https://developer.kookapp.cn/doc/websocket. Times are monotonic seconds given by the caller.
"""

from __future__ import annotations

from typing import Literal, NamedTuple
from urllib.parse import quote

import msgspec

from kagami.adapters.kook import wire
from kagami.core.backoff import Randomness
from kagami.errors import WireError

HELLO_SECONDS = 6.0
PONG_SECONDS = 6.0
BEAT_SECONDS = 30.0
SPREAD_SECONDS = 5.0
# A ping without an answer is followed by two more, each with less patience than the first.
RETRY_SECONDS = (2.0, 4.0)
RESUMES = 2
# How many events may wait for one that is missing, and for how many pings it may be.
MOST_HELD = 1000
MOST_HELD_BYTES = 16 * 1024 * 1024
# Nothing says whether the number goes on behind this one or begins again.
LAST_SN = 65_535
MISSED_BEATS = 2

INVALID_TOKEN = 40101
WRONG_TOKEN = 40102

# resume: go on with the session. anew: it is over. refused: the token is wrong.
Way = Literal["resume", "anew", "refused"]


class Leave(NamedTuple):
    """The connection is to be closed; `reason` is English and holds nothing secret."""

    way: Way
    reason: str


class Ready(NamedTuple):
    """An event whose turn it is."""

    sn: int
    d: msgspec.Raw


class Heard(NamedTuple):
    """What a frame leads to. `ping` asks for one out of turn; `rtt` is seconds, for an answer to a ping."""

    ready: tuple[Ready, ...] = ()
    leave: Leave | None = None
    joined: bool = False
    ping: bool = False
    rtt: float = 0.0


NOTHING = Heard()


class Session:
    """Outlives connections. `due` is when to `look` again; `done` the last number that is on disk."""

    def __init__(self, randomness: Randomness) -> None:
        self._random = randomness
        self.due = 0.0
        self._fresh()

    def _fresh(self) -> None:
        self.url, self.id = "", ""
        self.done = self._last = 0
        self._held: dict[int, msgspec.Raw] = {}
        self._tries = 0
        self._stuck_at = -1
        self._joined = False
        self._settle()

    def _settle(self) -> None:
        """What belongs to one connection."""
        self._held.clear()
        self._asked, self._asked_at = 0, 0.0
        self._missed, self._hurried = 0, False

    # --- addresses ---

    def restore(self, url: str, session_id: str, done: int) -> None:
        """What an earlier run has kept."""
        self.url, self.id = url, session_id
        self.done = self._last = done

    def address(self) -> str:
        """Where to go on with the session; empty when a new one has to be begun. Each call counts as a try."""
        if not self.url or not self.id or self._tries >= RESUMES:
            self._fresh()
            return ""
        self._tries += 1
        mark = "&" if "?" in self.url else "?"
        return f"{self.url}{mark}resume=1&sn={self.done}&session_id={quote(self.id, safe='')}"

    def begin(self, url: str) -> None:
        """A gateway was named."""
        self._fresh()
        self.url = url

    def forget(self) -> None:
        """The session is over."""
        self._fresh()

    @property
    def resuming(self) -> bool:
        """Whether the connection was opened to go on with a session."""
        return self._tries > 0

    # --- one connection ---

    def opened(self, now: float) -> None:
        self._last = self.done
        self._joined = False
        self._settle()
        self.due = now + HELLO_SECONDS

    def take(self, packet: wire.Packet, now: float) -> Heard:
        """`WireError` for a frame that is not of the protocol; unknown signals are none of ours."""
        match packet.s:
            case wire.EVENT:
                return self._event(packet)
            case wire.HELLO:
                return self._hello(wire.decode(packet.d, wire.Hello), now)
            case wire.PONG:
                rtt = now - self._asked_at if self._asked else 0.0
                self._asked = 0
                self.due = now + self._beat()
                return Heard(rtt=rtt)
            case wire.RECONNECT:
                return Heard(leave=Leave("anew", f"it asks for a new connection{wire.read_code(packet.d)}"))
        return NOTHING

    def _hello(self, hello: wire.Hello, now: float) -> Heard:
        if hello.code in (INVALID_TOKEN, WRONG_TOKEN) and not self.resuming:
            return Heard(leave=Leave("refused", f"code {hello.code}"))
        if hello.code:
            return Heard(leave=Leave("anew", f"it does not take the connection (code {hello.code})"))
        if hello.session_id and hello.session_id != self.id:
            self.done = self._last = 0
            self.id = hello.session_id
        self._joined, self._tries = True, 0
        self.due = now + self._beat()
        return Heard(joined=True)

    def _event(self, packet: wire.Packet) -> Heard:
        sn = packet.sn
        if sn is None:
            raise WireError(reason="an event needs sn")
        if self._begins_again(sn):
            self._last = sn - 1
        if sn <= self._last:
            return NOTHING
        self._held[sn] = packet.d
        ready: list[Ready] = []
        while (d := self._held.pop(self._last + 1, None)) is not None:
            self._last += 1
            ready.append(Ready(self._last, d))
        if not self._held:
            self._missed, self._hurried = 0, False
        elif self._is_full():
            return Heard(tuple(ready), self._stuck())
        hurry = bool(self._held) and not self._hurried
        self._hurried = self._hurried or hurry
        return Heard(tuple(ready), ping=hurry)

    def _begins_again(self, sn: int) -> bool:
        return self._last == LAST_SN and sn in (0, 1)

    def _is_full(self) -> bool:
        return len(self._held) > MOST_HELD or sum(map(_size, self._held.values())) > MOST_HELD_BYTES

    def _stuck(self) -> Leave:
        """The missing one did not come. The session goes on once; when it misses the same one then, it is over."""
        again = self._stuck_at == self._last
        self._stuck_at = self._last
        return Leave("anew" if again else "resume", f"event {self._last + 1} is missing")

    # --- time ---

    def look(self, now: float) -> Leave | Literal["ping"] | None:
        """What is due by now."""
        if now < self.due:
            return None
        if not self._joined:
            return Leave("resume", f"no HELLO within {HELLO_SECONDS:g} s")
        if not self._asked and self._held:
            self._missed += 1
            if self._missed > MISSED_BEATS:
                return self._stuck()
        if self._asked > len(RETRY_SECONDS):
            return Leave("resume", "no answer to three pings")
        return "ping"

    def pinged(self, now: float) -> None:
        """A ping goes out."""
        self.due = now + (RETRY_SECONDS[self._asked - 1] if 0 < self._asked <= len(RETRY_SECONDS) else PONG_SECONDS)
        self._asked += 1
        self._asked_at = now

    def _beat(self) -> float:
        return BEAT_SECONDS + SPREAD_SECONDS * (2 * self._random() - 1)


def _size(d: msgspec.Raw) -> int:
    return len(bytes(d))
