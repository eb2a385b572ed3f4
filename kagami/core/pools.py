"""Which member of a pool serves a chat: sticky, by response time and weight, back to the old one without flapping."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

# A chat in which nothing was said for so long is given out anew, so that members' shares follow how they do now.
IDLE_S = 1800.0
# A member that came back has to stay for so long before its chats return to it.
SETTLED_S = 30.0
# Who is away for so long has lost its chats to whoever took them.
FORGOTTEN_S = 600.0
# After so long a measured time counts half: a slow member gets its chance to have become quick.
FADING_S = 300.0
_SHARE = 0.2  # of one measurement in the mean


class Member(msgspec.Struct, frozen=True):
    """A live member of a pool: its usual response time in seconds (0 when unknown), its weight, since when it lives."""

    name: str
    seconds: float
    weight: float = 1.0
    since: float = 0.0


class Seat(NamedTuple):
    """Who serves a chat, who did so before that went away, since when that is so, and when it was used last."""

    name: str
    home: str
    moved_at: float
    used_at: float


class Pace:
    """The usual response time of one member: an exponential mean that fades. Times are monotonic seconds."""

    __slots__ = ("_at", "_mean")

    def __init__(self) -> None:
        self._mean = self._at = 0.0

    def note(self, seconds: float, now: float) -> None:
        seconds = max(seconds, 1e-6)
        self._mean = self._mean + _SHARE * (seconds - self._mean) if self._mean else seconds
        self._at = now

    def seconds(self, now: float) -> float:
        """0 when nothing was measured."""
        return self._mean * math.pow(0.5, max(0.0, now - self._at) / FADING_S)


def balance(members: Sequence[Member], chance: float) -> Member | None:
    """One live member by `chance` (0 to 1), each with a share of weight / response time; None when nobody has a weight.

    A member without a known time is taken for the fastest known one, so that it gets measured.
    """
    members = [member for member in members if member.weight > 0]
    known = [member.seconds for member in members if member.seconds > 0]
    fastest = min(known, default=1.0)
    shares = [member.weight / (member.seconds or fastest) for member in members]
    point = chance * sum(shares)
    for member, share in zip(members, shares, strict=True):
        point -= share
        if point < 0:
            return member
    return members[-1] if members else None


def seat(before: Seat | None, members: Sequence[Member], now: float, chance: float) -> Seat | None:
    """Who serves a chat now, of these live members; None when there is none. Who has no weight keeps what it has."""
    if before is None or now - before.used_at > IDLE_S:
        chosen = balance(members, chance)
        return Seat(chosen.name, chosen.name, now, now) if chosen else None
    if now - before.moved_at > FORGOTTEN_S:
        before = before._replace(home=before.name)
    since = {member.name: member.since for member in members}
    if _is_home(before, since, now):
        return Seat(before.home, before.home, now, now)
    if before.name in since:
        return before._replace(used_at=now)
    chosen = balance(members, chance)
    moved_at = now if before.name == before.home else before.moved_at
    return Seat(chosen.name, before.home, moved_at, now) if chosen else None


def _is_home(before: Seat, since: Mapping[str, float], now: float) -> bool:
    """Whether the one before serves the chat: it never went, it has settled again, or who stood in is gone."""
    if before.home not in since:
        return False
    return before.name == before.home or before.name not in since or now - since[before.home] >= SETTLED_S
