"""One round: platforms talk to a cluster while it is struck, and the checker judges.

`python -m tests.cluster.rounds.rounds --scenario NAME --events 100000 --seed 7`; without a scenario their names. What
the round wrote stays in `--folder`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.cluster.rounds.checker import check, figures, load, unsent
from tests.cluster.rounds.cluster import Cluster
from tests.cluster.rounds.lines import PLATFORM, STRUCK, write
from tests.cluster.rounds.platform import World
from tests.cluster.rounds.scenarios import SCENARIOS, Scenario
from tests.cluster.rounds.servers import Servers
from tests.cluster.rounds.speech import Platforms
from tests.cluster.rounds.strikes import Field, run

READY_S, ENDS_S = 60.0, 120.0
# How long PostgreSQL is away in a round that is longer than its scenario says.
FULL_AWAY_S = 60.0


@dataclass
class Round:
    """What came of it. `breaches` are the checker's, `missed` the goals of the scenario that were not reached."""

    seed: int
    breaches: list[str]
    missed: list[str]
    figures: Mapping[str, float] = field(default_factory=dict)
    refused: Sequence[str] = ()

    def __str__(self) -> str:
        lines = [f"seed {self.seed}", *(f"{name:34}{value:g}" for name, value in self.figures.items())]
        return "\n".join([*lines, *self.refused, *(f"BREACH {each}" for each in self.breaches[:50]), *self.missed])


async def play(scenario: Scenario, folder: Path, *, seed: int, events: int = 0) -> Round:
    """`events` in place of the scenario's own number."""
    chance = random.Random(seed)  # noqa: S311 (it must replay)
    events = events or scenario.events
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(Servers(postgres=scenario.postgres, redis=scenario.redis))
        environment = servers.environment | scenario.environment
        cluster = Cluster(folder, scenario.roles, environment)
        if scenario.detour:
            cluster.nodes[-1].environment |= servers.detour
        world = World(
            str(folder / PLATFORM),
            seed,
            [node.url for node in cluster.gateways],
            cluster.token,
            chats=max(scenario.chats, events // 50_000 * scenario.chats),
            telegram_chats=scenario.telegram_chats,
            open_each=scenario.open_each,
        )
        platforms = await stack.enter_async_context(Platforms(world))
        stack.push_async_callback(cluster.close)
        await cluster.open(telegram=platforms.place.telegram)
        await platforms.order("ready", seconds=READY_S)
        away_s = scenario.away_s if events <= scenario.events else FULL_AWAY_S
        ground = Field(cluster, servers, chance, scenario.lease_s, away_s)
        said = await _under_load(scenario, platforms, ground, events)
        told = await platforms.order("tell", seconds=ENDS_S)
        await cluster.keep_log()
        for node in reversed(cluster.nodes):
            ground.stops.append(await node.stop())
    write(folder / STRUCK, ground.struck)
    return judge(scenario, folder, ground, seed=seed, untold=told.left, unsaid=events - said)


async def _under_load(scenario: Scenario, platforms: Platforms, ground: Field, events: int) -> int:
    """How many were said while strikes went on; those that had begun are over at the end."""
    limit = events / scenario.rate * 4 + 60
    struck = asyncio.ensure_future(run(scenario.acts, scenario.every_s, ground)) if scenario.acts else None
    try:
        done = await platforms.order("say", events=events, rate=scenario.rate, seconds=limit)
    finally:
        if struck is not None:
            ground.ended.set()
            await struck
    return done.said


def judge(scenario: Scenario, folder: Path, ground: Field, *, seed: int, untold: int, unsaid: int) -> Round:
    past = load(folder, sure=scenario.sure)
    refused = [f"not sent {times:>6} × {reason}" for reason, times in unsent(past).most_common()]
    found: dict[str, float] = figures(past)
    found["slowest stop s"] = round(max(ground.stops, default=0.0), 2)
    missed = [
        f"MISSED {name}: {found[name]:g}, at most {most:g}"
        for name, most in scenario.most.items()
        if found[name] > most
    ]
    missed += [
        f"MISSED {name}: {found[name]:g}, at least {least:g}"
        for name, least in scenario.least.items()
        if found[name] < least
    ]
    if untold:
        missed.append(f"MISSED {untold} conversations did not answer at the end")
    if unsaid:
        missed.append(f"MISSED {unsaid} messages found no conversation with room in time")
    return Round(seed, check(past), missed, found, refused)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.cluster.rounds.rounds")
    parser.add_argument("--scenario", choices=SCENARIOS)
    parser.add_argument("--events", type=int, default=0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--rate", type=float, default=0.0, help="messages a second; each scenario has its own")
    parser.add_argument("--every", type=float, default=0.0, help="seconds from the end of a strike to the next")
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    if not given.scenario:
        sys.stdout.writelines(f"{name}\n" for name in SCENARIOS)
        return 0
    sys.stdout.write(f"seed {given.seed}\n")
    folder = given.folder or Path(tempfile.mkdtemp(prefix="kagami-rounds-"))
    scenario = SCENARIOS[given.scenario]
    scenario = replace(scenario, rate=given.rate or scenario.rate, every_s=given.every or scenario.every_s)
    found = asyncio.run(play(scenario, folder, seed=given.seed, events=given.events))
    sys.stdout.write(f"{found}\n{folder}\n")
    return bool(found.breaches or found.missed)


if __name__ == "__main__":
    sys.exit(main())
