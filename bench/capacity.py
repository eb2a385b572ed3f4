"""How evenly chats spread over partitions and workers: `python -m bench.capacity [--chats 100000] [--seed 7]`.

Pure: nothing runs. The partition of a chat and the share of a worker are the functions that Kagami itself uses; chats
are as busy as Zipf's law has it: the r-th busiest gets 1/r^s of the traffic, which is counted in shares of the whole.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kagami.core.partition import PARTITIONS, fair_share, part_of, surplus
from kagami.model.ids import BotId, ChatId

CHATS, ACCOUNTS = 100_000, 20
SLOPES = (0.0, 0.8, 1.0)
WORKERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32)
FIRST_GROUP = 700_000_000


@dataclass
class Workers:
    """Who holds which partitions; joining and leaving follow the rule of the cluster: nobody above a fair share."""

    chance: random.Random
    held: list[set[int]] = field(default_factory=lambda: [set(range(PARTITIONS))])

    def join(self) -> int:
        """One more; how many partitions changed their worker."""
        self.held.append(set())
        share = fair_share(PARTITIONS, len(self.held))
        freed: set[int] = set()
        for each in self.held:
            given = surplus(each, share)
            each.difference_update(given)
            freed.update(given)
        return self._take(freed, share)

    def leave(self) -> int:
        """One of them less, whichever; how many partitions changed their worker."""
        freed = self.held.pop(self.chance.randrange(len(self.held)))
        return self._take(freed, fair_share(PARTITIONS, len(self.held)))

    def _take(self, freed: set[int], share: int) -> int:
        """Those with room take what is free, a partition each in turn, in random order."""
        for partition in self.chance.sample(sorted(freed), len(freed)):
            self.chance.choice([each for each in self.held if len(each) < share]).add(partition)
        return len(freed)

    def busiest(self, load: Sequence[float]) -> float:
        return max(sum(load[partition] for partition in each) for each in self.held)


def loads(chats: int, slope: float, chance: random.Random) -> list[float]:
    """The traffic of each partition, in shares of the whole."""
    weights = [1 / rank**slope for rank in range(1, chats + 1)]
    whole, found = sum(weights), [0.0] * PARTITIONS
    groups = chance.sample(range(FIRST_GROUP, FIRST_GROUP + 100 * chats), chats)
    for weight, group in zip(weights, groups, strict=True):
        bot = BotId(f"qq:{10_000_001 + chance.randrange(ACCOUNTS)}")
        found[part_of(bot, ChatId(f"group:{group}"))] += weight / whole
    return found


@dataclass(frozen=True)
class Spread:
    """`busiest` is the share of the busiest of `workers`, `gain` how many times one worker's work all of them do."""

    workers: int
    busiest: float
    joined: int
    left: int

    @property
    def gain(self) -> float:
        return 1 / self.busiest


def spreads(load: Sequence[float], chance: random.Random) -> Iterator[Spread]:
    """One for each number of workers up to the highest.

    `joined` is how many partitions moved as the last of them came, `left` how many move as one of them goes.
    """
    workers = Workers(chance)
    for number in range(1, max(WORKERS) + 1):
        joined = workers.join() if number > 1 else 0
        busiest = workers.busiest(load)
        trial = Workers(chance, [set(each) for each in workers.held])
        yield Spread(number, busiest, joined, trial.leave() if number > 1 else 0)


def lines(chats: int, seed: int) -> Iterator[str]:
    yield f"{chats:,} chats of {ACCOUNTS} accounts over {PARTITIONS} partitions, seed {seed}"
    found = {slope: loads(chats, slope, random.Random(seed)) for slope in SLOPES}
    for slope, load in found.items():
        yield (
            f"s = {slope:g}: largest chat {1 / sum(1 / rank**slope for rank in range(1, chats + 1)):.2%},"
            f" largest partition {max(load):.2%}, smallest {min(load):.2%}, even {1 / PARTITIONS:.2%}"
        )
    yield (
        f"{'workers':>8}"
        + "".join(f"{f'busiest s={slope:g}':>16}{'gain':>7}" for slope in SLOPES)
        + f"{'joined':>8}{'left':>6}"
    )
    tables = [list(spreads(load, random.Random(seed))) for load in found.values()]
    for row in zip(*tables, strict=True):
        if row[0].workers in WORKERS:
            shares = "".join(f"{each.busiest:>16.1%}{each.gain:>7.1f}" for each in row)
            yield f"{row[0].workers:>8}{shares}{row[0].joined:>8}{row[0].left:>6}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.capacity", description="Chats over partitions and workers.")
    parser.add_argument("--chats", type=int, default=CHATS)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    sys.stdout.writelines(line + "\n" for line in lines(given.chats, given.seed))


if __name__ == "__main__":
    main()
