"""Judges a history of kills from outside: what the fake platform and the probe plugin saw against what the store says.

Pure: everything is in the `History`. Each rule gives sentences, one for each breach; a history without a sentence kept
every promise. A message is named by its conversation and its number within it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

ENDED = frozenset({"handled", "late", "dead"})


class Name(NamedTuple):
    """One message of the history."""

    conversation: str
    number: int

    def __str__(self) -> str:
        return f"{self.conversation}#{self.number}"


class Ran(NamedTuple):
    """The probe's handler began, in one life of the process."""

    name: Name
    execution: str
    life: int = 0


class Stored(NamedTuple):
    """An event's row at the end; `outcome` is its trace's, empty without a trace."""

    execution: str
    closed: bool
    outcome: str


class Outgoing(NamedTuple):
    """A send's row at the end."""

    execution: str
    ordinal: int
    state: str


@dataclass
class History:
    """`accepted` was seen in the store at some time or proved by an answer; `heard` are the replies that arrived at the
    platform; `effects` counts what the probe wrote to the store for a message."""

    accepted: set[Name] = field(default_factory=set)
    heard: list[Name] = field(default_factory=list)
    ran: list[Ran] = field(default_factory=list)
    events: dict[Name, Stored] = field(default_factory=dict)
    sends: list[Outgoing] = field(default_factory=list)
    effects: Mapping[Name, int] = field(default_factory=dict)


def check(history: History) -> list[str]:
    """All breaches, in words."""
    return [sentence for rule in RULES for sentence in rule(history)]


def lost(history: History) -> Iterator[str]:
    """What was accepted is there at the end, closed, and its trace says how."""
    for name in sorted(history.accepted | history.events.keys()):
        row = history.events.get(name)
        if row is None:
            yield f"{name} was accepted and is gone"
        elif not row.closed:
            yield f"{name} was accepted and is still open"
        elif row.outcome not in ENDED:
            yield f"{name} was accepted and ended as {row.outcome or 'nothing: it has no trace'}"


def inverted(history: History) -> Iterator[str]:
    """Messages of a conversation run in order, in every life, and so do their last runs: those that counted.

    A kill may make a stretch run again (1 2 3 | 2 3 4), from the earliest that was not done; it may not let one fall
    behind (1 2 3 | 2 4), which would be 2's effect after 3's. A run of what was never accepted does not count: it died
    without effect and without reply.
    """
    yield from _out_of_order(history.ran, by_life=True, word="ran")
    last = {ran.name: ran for ran in history.ran if ran.name in history.events}
    place = {ran.name: number for number, ran in enumerate(history.ran)}
    counted = sorted(last.values(), key=lambda ran: place[ran.name])
    yield from _out_of_order(counted, by_life=False, word="counted")


def _out_of_order(runs: Sequence[Ran], *, by_life: bool, word: str) -> Iterator[str]:
    furthest: dict[tuple[str, int], int] = {}
    for name, _, life in runs:
        key = (name.conversation, life if by_life else 0)
        before = furthest.get(key, -1)
        if name.number < before:
            yield f"{name} {word} after {Name(name.conversation, before)}"
        furthest[key] = max(before, name.number)


def doubled(history: History) -> Iterator[str]:
    """A reply arrives twice only when the store knows that it does not know of the ones before."""
    doubts = Counter(send.execution for send in history.sends if send.state == "unknown")
    for name, times in Counter(history.heard).items():
        row = history.events.get(name)
        if row is None:
            yield f"{name} was never accepted and was answered"
        if times > 1 and (row is None or doubts[row.execution] < times - 1):
            yield f"the reply to {name} arrived {times} times, {doubts[row.execution] if row else 0} of them unknown"


def silent(history: History) -> Iterator[str]:
    """What was handled was answered or says why not; what the store calls sent has arrived."""
    states: dict[str, list[str]] = {}
    for send in history.sends:
        states.setdefault(send.execution, []).append(send.state)
    heard = set(history.heard)
    for name, row in history.events.items():
        of_event = states.get(row.execution, [])
        if row.outcome == "handled" and not of_event:
            yield f"{name} was handled and nothing is known of its reply"
        if "sent" in of_event and name not in heard:
            yield f"the reply to {name} is called sent and never arrived"
        if "sending" in of_event:
            yield f"the reply to {name} is still being sent"


def repeated(history: History) -> Iterator[str]:
    """What a handler wrote became real exactly once."""
    for name in history.effects.keys() - history.events.keys():
        yield f"{name} was never accepted and left its effect"
    for name, row in history.events.items():
        times = history.effects.get(name, 0)
        if row.outcome == "handled" and times != 1:
            yield f"the effect of {name} happened {times} times"
        if row.outcome != "handled" and times:
            yield f"{name} ended as {row.outcome or 'nothing'} and left its effect"


def stray(history: History) -> Iterator[str]:
    """One message is one execution."""
    for name, execution, _ in history.ran:
        row = history.events.get(name)
        if row is not None and row.execution != execution:
            yield f"{name} ran as {execution}, the store knows it as {row.execution}"


RULES = (lost, inverted, doubled, silent, repeated, stray)


def summary(history: History) -> dict[str, int]:
    """What a reader wants to know of a history beside its breaches."""
    outcomes = Counter(row.outcome for row in history.events.values())
    states = Counter(send.state for send in history.sends)
    again = Counter(ran.name for ran in history.ran)
    arrived: Sequence[int] = list(Counter(history.heard).values())
    return {
        "accepted": len(history.accepted | history.events.keys()),
        **{outcome: outcomes[outcome] for outcome in sorted(ENDED)},
        "handlers run again": sum(times - 1 for times in again.values()),
        "replies arrived": len(arrived),
        "replies arrived twice": sum(times > 1 for times in arrived),
        **{f"sends {state}": states[state] for state in ("sent", "failed", "unknown")},
    }
