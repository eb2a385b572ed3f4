"""Which model to ask next: endpoints in their order, keys in turn, and what their answers mean for later. Pure.

| answer | what it means |
|---|---|
| 2xx | fine |
| 401, 403 | this key is laid aside until the plugin is loaded again |
| 402, 429 | this key waits, as long as `Retry-After` says (RFC 9110, section 10.2.3) |
| 408, 5xx, none | the endpoint is away; after three in a row it rests, longer each time |
| other | this request does not please it: on to the next endpoint |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, NamedTuple

from .options import Endpoint

Verdict = Literal["fine", "refused", "busy", "away", "wrong"]

FAILURES = 3
REST_S = 30.0
LONGEST_REST_S = 900.0
BUSY_S = 20.0
LONGEST_BUSY_S = 3_600.0


class Turn(NamedTuple):
    """One call to make: places of the endpoint and its key, and what the call needs."""

    place: int
    slot: int
    endpoint: Endpoint
    key: str


class State(NamedTuple):
    """`wait` is in seconds; no `keys` are left when all were refused."""

    endpoint: Endpoint
    wait: float
    keys: int


@dataclass(slots=True)
class _Post:
    """One endpoint: failures in a row, until when it rests, which key is next, and which keys are out of use."""

    endpoint: Endpoint
    keys: tuple[str, ...]
    failures: int = 0
    rests_until: float = 0.0
    following: int = 0
    refused: set[int] = field(default_factory=set)
    busy_until: dict[int, float] = field(default_factory=dict)

    def free(self, now: float) -> Iterator[int]:
        for step in range(len(self.keys)):
            slot = (self.following + step) % len(self.keys)
            if slot not in self.refused and self.busy_until.get(slot, 0.0) <= now:
                yield slot


class Chain:
    """`now` is monotonic time in seconds everywhere."""

    def __init__(self, endpoints: Sequence[Endpoint] = ()) -> None:
        self._posts = [_Post(each, each.keys or ("",)) for each in endpoints]

    def choose(self, now: float, tried: set[tuple[int, int]]) -> Turn | None:
        """The next call of a round, in which each key is used once; nothing when all were tried or are out of use."""
        for place, post in enumerate(self._posts):
            if post.rests_until > now:
                continue
            slot = next((each for each in post.free(now) if (place, each) not in tried), None)
            if slot is not None:
                post.following = slot + 1
                if post.failures >= FAILURES:  # one tries whether it is back, the others wait for that
                    post.rests_until = now + post.endpoint.seconds
                tried.add((place, slot))
                return Turn(place, slot, post.endpoint, post.keys[slot])
        return None

    def learn(
        self, turn: Turn, verdict: Verdict, now: float, tried: set[tuple[int, int]], wait: float = BUSY_S
    ) -> None:
        """What a call came to; `wait` is how long a busy key waits."""
        post = self._posts[turn.place]
        if verdict == "away":
            post.failures += 1
            if post.failures >= FAILURES:
                post.rests_until = now + min(REST_S * 2 ** min(post.failures - FAILURES, 8), LONGEST_REST_S)
        else:
            post.failures, post.rests_until = 0, 0.0
        if verdict == "refused":
            post.refused.add(turn.slot)
        elif verdict == "busy":
            post.busy_until[turn.slot] = now + wait
        elif verdict in {"away", "wrong"}:
            tried.update((turn.place, slot) for slot in range(len(post.keys)))

    def states(self, now: float) -> list[State]:
        return [_state(post, now) for post in self._posts]


def _state(post: _Post, now: float) -> State:
    left = [slot for slot in range(len(post.keys)) if slot not in post.refused]
    soonest = min((post.busy_until.get(slot, 0.0) for slot in left), default=0.0)
    return State(post.endpoint, max(0.0, max(soonest, post.rests_until) - now), len(left))


def judge(status: int) -> Verdict:
    if 200 <= status < 300:  # noqa: PLR2004 - the range is its meaning
        return "fine"
    if status in {401, 403}:
        return "refused"
    if status in {402, 429}:
        return "busy"
    return "away" if status == 408 or status >= 500 else "wrong"  # noqa: PLR2004 - see the table


def wait_of(retry_after: str, now: datetime) -> float:
    """The seconds that a `Retry-After` asks for, as a number or a date; bounded."""
    try:
        seconds = float(retry_after)
    except ValueError:
        seconds = _until(retry_after, now)
    return min(max(seconds, 1.0), LONGEST_BUSY_S) if seconds == seconds else BUSY_S  # noqa: PLR0124 - not a number


def _until(text: str, now: datetime) -> float:
    try:
        then = parsedate_to_datetime(text)
    except ValueError:
        return BUSY_S
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()
