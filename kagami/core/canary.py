"""Which chats get a new version, and when that version is taken back.

A chat's bucket never changes while its salt stays: raising the weight from 50 to 51 percent moves the chats with
buckets 5,000 to 5,099 and nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import blake2b

from kagami.meters import Histogram

BUCKETS = 10_000
KEY_BYTES = 64
LEAST_EVENTS = 200
# Of recent events: at least this many, and fewer than twice as many, once there were so many.
SPAN = 1_000
# A split is even when the share of chats differs from no weight by more than this.
EVEN = 0.03


def bucket(salt: str, bot: str, chat: str) -> int:
    """0 to 9,999, spread evenly; the salt is known to nobody outside, so nobody can choose a chat's bucket."""
    name = f"{bot}|{chat}".encode("utf-8", "surrogatepass")
    key = salt.encode("utf-8", "surrogatepass")[:KEY_BYTES]
    return int.from_bytes(blake2b(name, digest_size=8, key=key).digest()) % BUCKETS


def on_canary(place: int, weight: int) -> bool:
    """Whether a chat with this bucket is among `weight` percent."""
    return place * 100 < weight * BUCKETS


def unevenness(salt: str, chats: Sequence[tuple[str, str]]) -> float:
    """The most that the share of (bot, chat) pairs on a canary can differ from its weight, over all weights (0 to 1).

    It is the Kolmogorov-Smirnov distance from the even spread.
    """
    count = len(chats)
    places = sorted(bucket(salt, bot, chat) / BUCKETS for bot, chat in chats)
    return max(
        (max(place - rank / count, (rank + 1) / count - place) for rank, place in enumerate(places)), default=0.0
    )


def fairest(salts: Iterable[str], chats: Sequence[tuple[str, str]]) -> str:
    """The first salt that splits the chats evenly, or else the most even one; `salts` must not be empty.

    With few chats chance alone is coarse: of 300, the share on a canary of 50 percent is off by over 3 points in
    three of ten salts.
    """
    best, least = "", float("inf")
    for salt in salts:
        found = unevenness(salt, chats)
        if found < least:
            best, least = salt, found
        if least <= EVEN:
            break
    return best


class Tally:
    """What one version did in this process, and apart from it lately: old success must not hide new failure."""

    __slots__ = ("_newer", "_older", "errors", "events", "latency")

    def __init__(self) -> None:
        self.events = 0
        self.errors = 0
        self.latency = Histogram()
        self.begin()

    def begin(self) -> None:
        """Count `recent` from here on."""
        self._older = self._newer = (self.events, self.errors)

    def note(self, seconds: float, *, failed: bool) -> None:
        self.events += 1
        self.errors += failed
        self.latency.observe(seconds)
        if self.events - self._newer[0] >= SPAN:
            self._older, self._newer = self._newer, (self.events, self.errors)

    @property
    def recent(self) -> tuple[int, int]:
        """Events and errors: all since `begin`, at most the newest 1,000 to 1,999."""
        return self.events - self._older[0], self.errors - self._older[1]


def judge(canary: Tally, stable: Tally) -> str:
    """Why the canary must be taken back, or "".

    That is when, of at least 200 recent events, more than 2 percent failed and more than three times the stable
    version's share did.
    """
    events, errors = canary.recent
    others, misses = stable.recent
    worse = errors * others > 3 * misses * events if others else True
    if events < LEAST_EVENTS or errors * 50 <= events or not worse:
        return ""
    return f"{errors} of its last {events} events failed, {misses} of {others} with the stable version."
