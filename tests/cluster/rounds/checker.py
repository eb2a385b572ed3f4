"""Judges from outside what became of a run: `python -m tests.cluster.rounds.checker FOLDER [--sure]`.

The platforms and the probe wrote what they saw, the message log was read at the end. Pure: each rule gives sentences,
one for each breach, from a `History`; a history without a sentence kept every promise.

What was accepted: everything that a platform gave which gives again; of the others what is in the message log, or, when
no gateway was struck (`sure`), everything too.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.cluster.rounds.lines import LOG, PLATFORM, PROBE, STRUCK, Given, Heard, Kept, Line, Logged, Ran, Struck, read

ENDED = frozenset({"handled", "unsent", "unsure"})
MOST_SHOWN = 50


class Name(NamedTuple):
    conversation: str
    number: int

    def __str__(self) -> str:
        return f"{self.conversation}#{self.number}"


@dataclass
class History:
    given: dict[Name, Given] = field(default_factory=dict)
    heard: dict[Name, list[Heard]] = field(default_factory=lambda: defaultdict(list))
    ran: dict[Name, list[Ran]] = field(default_factory=lambda: defaultdict(list))
    kept: dict[str, Kept] = field(default_factory=dict)
    rows: dict[Name, list[Logged]] = field(default_factory=lambda: defaultdict(list))
    sends: dict[str, list[Logged]] = field(default_factory=lambda: defaultdict(list))
    struck: list[Struck] = field(default_factory=list)
    sure: bool = False

    @classmethod
    def of(cls, lines: Iterable[Line], *, sure: bool = False) -> History:
        past = cls(sure=sure)
        for line in lines:
            past.add(line)
        return past

    def add(self, line: Line) -> None:
        match line:
            case Kept():
                self.kept[line.conversation] = line
            case Struck():
                self.struck.append(line)
            case Given():
                self.given[name_of(line)] = line
            case Heard():
                self.heard[name_of(line)].append(line)
            case Ran():
                self.ran[name_of(line)].append(line)
            case Logged(direction="in"):
                self.rows[name_of(line)].append(line)
            case Logged():
                self.sends[line.execution].append(line)

    @property
    def accepted(self) -> set[Name]:
        sure = {name for name, given in self.given.items() if self.sure or given.again}
        return sure | self.rows.keys()

    def doubts(self, name: Name) -> int:
        """How many sends for a message have an end that Kagami says it does not know."""
        executions = {row.execution for row in self.rows.get(name, ())}
        return sum(send.outcome == "unknown" for each in executions for send in self.sends.get(each, ()))


def name_of(line: Given | Heard | Ran | Logged) -> Name:
    return Name(line.conversation, line.number)


def check(past: History) -> list[str]:
    """All breaches, in words."""
    return [sentence for rule in RULES for sentence in rule(past)]


def lost(past: History) -> Iterator[str]:
    """What was accepted is in the log, once and closed, and has left its effect."""
    effects = _effects(past)
    for conversation in sorted({name.conversation for name in past.accepted} - past.kept.keys()):
        yield f"{conversation} did not say at the end what its effects are"
    for name in sorted(past.accepted):
        rows = past.rows.get(name, [])
        if not rows:
            yield f"{name} was accepted and is not in the log"
        elif len(rows) > 1:
            yield f"{name} is in the log {len(rows)} times"
        elif rows[0].outcome not in ENDED:
            yield f"{name} was accepted and ended as {rows[0].outcome or 'nothing: it is still open'}"
        if name.conversation in past.kept and not effects[name]:
            yield f"{name} was accepted and left no effect"


def doubled(past: History) -> Iterator[str]:
    """An effect happens once; the list and the counter of one transaction agree."""
    for name, times in sorted(_effects(past).items()):
        if times > 1:
            yield f"the effect of {name} happened {times} times"
        if name not in past.rows:
            yield f"{name} left its effect and is not in the log"
    for kept in past.kept.values():
        if kept.count != len(kept.numbers):
            yield f"{kept.conversation} has {len(kept.numbers)} effects and counted {kept.count}"


def sent_twice(past: History) -> Iterator[str]:
    """An answer arrives twice only where Kagami says that it does not know of the ones before."""
    for name, answers in past.heard.items():
        if name not in past.rows:
            yield f"{name} was answered and is not in the log"
        elif len(answers) - 1 > past.doubts(name):
            yield f"the answer to {name} arrived {len(answers)} times, {past.doubts(name)} of them in doubt"


def silent(past: History) -> Iterator[str]:
    """What Kagami calls sent has arrived; what was handled has a send; nothing is left in sending."""
    for name, rows in past.rows.items():
        states = [send.outcome for send in past.sends.get(rows[0].execution, ())]
        if rows[0].outcome == "handled" and not states:
            yield f"{name} was handled and nothing is known of its answer"
        if "sent" in states and not past.heard.get(name):
            yield f"the answer to {name} is called sent and never arrived"
        if "sending" in states:
            yield f"the answer to {name} is still being sent"


def inverted(past: History) -> Iterator[str]:
    """Effects of a conversation happen in order, and so do its answers, but for those in doubt."""
    for kept in past.kept.values():
        for earlier, later in _falls(kept.numbers):
            yield f"the effect of {Name(kept.conversation, later)} came after that of {earlier}"
    arrived: dict[str, list[int]] = defaultdict(list)
    for name in past.heard:  # as they first arrived: one process wrote them down
        if not past.doubts(name):
            arrived[name.conversation].append(name.number)
    for conversation, numbers in arrived.items():
        for earlier, later in _falls(numbers):
            yield f"the answer to {Name(conversation, later)} came after that to {earlier}"


def strayed(past: History) -> Iterator[str]:
    """One message is one execution, wherever and however often it ran."""
    for name, rows in past.rows.items():
        others = {ran.execution for ran in past.ran.get(name, ())} - {row.execution for row in rows}
        for other in sorted(others):
            yield f"{name} ran as {other}, the log knows it as {rows[0].execution}"


RULES = (lost, doubled, sent_twice, silent, inverted, strayed)


def _effects(past: History) -> Counter[Name]:
    return Counter(Name(kept.conversation, number) for kept in past.kept.values() for number in kept.numbers)


def _falls(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Each number that stands behind a higher one, with the highest before it."""
    highest = 0
    for number in numbers:
        if number < highest:
            yield highest, number
        highest = max(highest, number)


def figures(past: History) -> dict[str, float]:
    """What a reader wants to know beside the breaches. Latency runs from a message's gift to its first answer."""
    named = late_s(past)
    late = sorted(named.values())
    again = sum(len(runs) - 1 for runs in past.ran.values())
    first = min((given.at for given in past.given.values()), default=0.0)
    last = max((answers[0].at for answers in past.heard.values()), default=first)
    return {
        "given": len(past.given),
        "in the log": len(past.rows),
        "given and not accepted": len(past.given.keys() - past.accepted),
        "answered": len(past.heard),
        "answered twice": sum(len(answers) > 1 for answers in past.heard.values()),
        "answers not sent": sum(unsent(past).values()),
        "sends in doubt": sum(past.doubts(name) > 0 for name in past.rows),
        "handlers run again": again,
        "nodes": len({ran.node for runs in past.ran.values() for ran in runs}),
        "struck": len(past.struck),
        "answers a second": round(len(past.heard) / (last - first), 1) if last > first else 0.0,
        **{f"p{share * 100:g} ms": round(_quantile(late, share) * 1000, 1) for share in (0.5, 0.9, 0.99, 1.0)},
        "caught up after s": round(max((caught_up_s(past, named, each) for each in past.struck), default=0.0), 1),
        **{f"slowest s, {what}": round(slowest, 1) for what, slowest in sorted(slowest_s(past, named).items())},
    }


def late_s(past: History) -> dict[Name, float]:
    """Seconds from the gift of each answered message to its first answer."""
    return {
        name: min(answer.at for answer in answers) - past.given[name].at
        for name, answers in past.heard.items()
        if name in past.given
    }


def caught_up_s(past: History, late: Mapping[Name, float], strike: Struck) -> float:
    """Seconds from the end of a strike to the answer of the last message that was given before that end."""
    ends = [given.at + late[name] for name, given in past.given.items() if given.at < strike.over and name in late]
    return max(0.0, max(ends, default=0.0) - strike.over)


def slowest_s(past: History, late: Mapping[Name, float]) -> dict[str, float]:
    """By what was struck: the longest wait for the answer to a message that was given meanwhile."""
    found: dict[str, float] = defaultdict(float)
    for strike in past.struck:
        what = strike.what.partition(":")[0]
        waits = [wait for name, wait in late.items() if strike.at <= past.given[name].at <= strike.over]
        found[what] = max(found[what], max(waits, default=0.0))
    return found


def unsent(past: History) -> Counter[str]:
    """How many messages were handled and Kagami knows that their answer did not go out, by its reason."""
    sends = (past.sends.get(rows[0].execution, []) for rows in past.rows.values())
    return Counter(each[-1].reason for each in sends if each and all(send.outcome == "failed" for send in each))


def _quantile(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def load(folder: Path, *, sure: bool = False) -> History:
    return History.of((line for name in (PLATFORM, PROBE, LOG, STRUCK) for line in read(folder / name)), sure=sure)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.rounds.checker")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sure", action="store_true", help="no gateway was struck: all that was given was accepted")
    given = parser.parse_args()
    past = load(given.folder, sure=given.sure)
    breaches = check(past)
    sys.stdout.writelines(f"{name:34}{value:g}\n" for name, value in figures(past).items())
    sys.stdout.writelines(f"not sent {times:>6} × {reason}\n" for reason, times in unsent(past).most_common())
    sys.stdout.writelines(f"BREACH {sentence}\n" for sentence in breaches[:MOST_SHOWN])
    sys.stdout.write(f"{'breaches':34}{len(breaches)}\n")
    return bool(breaches)


if __name__ == "__main__":
    sys.exit(main())
