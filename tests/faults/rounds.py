"""kill −9 at random, judged from outside: `python -m tests.faults.rounds --rounds 200 --seed 7`.

Each round starts Kagami, talks to it and kills it: after a random time, at a chosen reply before or after its receipt,
or while it is still starting. What was in the store at any death must be there, done and in order at the end.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.checker import History, Name, check, summary
from tests.faults.engine import Engine
from tests.faults.platform import Platform

CONVERSATIONS = 12
READY_WITHIN_S, DRAINED_WITHIN_S = 30.0, 60.0
WAYS = ("time", "heard", "answered", "starting")
SHARES = (4, 3, 3, 1)


@dataclass
class Rounds:
    """`late` are the seconds from each start to the platform's connection."""

    engine: Engine
    platform: Platform
    chance: random.Random
    accepted: set[Name] = field(default_factory=set)
    ways: Counter[str] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    newest: int = 0

    async def one(self) -> None:
        way = self.chance.choices(WAYS, SHARES)[0]
        self.ways[way] += 1
        began = time.monotonic()
        await self.engine.start()
        if way == "starting":
            await asyncio.sleep(self.chance.uniform(0.05, 0.8))
        else:
            await self._connected(began)
            await self._talk_until(self._moment(way))
        await self.engine.kill()
        await self.platform.away.wait()
        self._look()

    async def last(self) -> None:
        """Talk once more, let it finish what it has, then stop it as its operator would."""
        began = time.monotonic()
        await self.engine.start()
        await self._connected(began)
        await self._talk_until(self._moment("time"))
        async with asyncio.timeout(DRAINED_WITHIN_S):
            while self.engine.open_names():
                await asyncio.sleep(0.05)
        status = await self.engine.stop()
        assert status == 0, f"exit status {status} after SIGTERM"

    def history(self) -> History:
        return History(
            accepted=self.accepted | set(self.platform.answered),
            heard=self.platform.heard,
            ran=list(self.engine.journal()),
            events=dict(self.engine.events()),
            sends=self.engine.sends(),
            effects=self.engine.effects(),
        )

    async def _connected(self, began: float) -> None:
        async with asyncio.timeout(READY_WITHIN_S):
            gone = asyncio.ensure_future(self.engine.process.wait())
            here = asyncio.ensure_future(self.platform.connected.wait())
            await asyncio.wait({gone, here}, return_when=asyncio.FIRST_COMPLETED)
        here.cancel()
        assert not gone.done(), f"it did not start:\n{self.engine.output()[-2_000:]}"
        gone.cancel()
        self.late.append(time.monotonic() - began)

    def _moment(self, way: str) -> asyncio.Event:
        """Set when the engine shall die."""
        moment, left = asyncio.Event(), self.chance.randint(1, 150)

        def pass_by() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                moment.set()

        self.platform.on_heard = pass_by if way == "heard" else _nothing
        self.platform.on_answered = pass_by if way == "answered" else _nothing
        delay = self.chance.uniform(0.0, 0.5) if way == "time" else 2.0
        asyncio.get_running_loop().call_later(delay, moment.set)
        return moment

    async def _talk_until(self, moment: asyncio.Event) -> None:
        while not moment.is_set():
            spoke = await self.platform.say()
            await asyncio.sleep(self.chance.choice((0, 0, 0, 0.001)) if spoke else 0.001)

    def _look(self) -> None:
        self.newest, names = self.engine.names(self.newest)
        self.accepted.update(names)
        self.platform.expect(self.engine.open_names())


def _nothing() -> None: ...


async def play(rounds: int, seed: int, home: Path) -> tuple[list[str], dict[str, object]]:
    """Breaches and figures of so many rounds."""
    chance = random.Random(seed)  # noqa: S311 (it must replay)
    engine = Engine(home)
    platform = Platform(engine.port, engine.token, CONVERSATIONS, chance)
    played = Rounds(engine, platform, chance)
    talking = asyncio.ensure_future(platform.run())
    try:
        for _ in range(rounds):
            await played.one()
        await played.last()
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        await engine.kill()
    history = played.history()
    figures: dict[str, object] = {
        "seed": seed,
        "rounds": rounds,
        **{f"killed: {way}": played.ways[way] for way in WAYS},
        "said": platform.said,
        **summary(history),
        "slowest start s": round(max(played.late), 2),
    }
    return check(history), figures


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.rounds")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    given = parser.parse_args()
    sys.stdout.write(f"seed {given.seed}\n")
    with tempfile.TemporaryDirectory(prefix="kagami-faults-") as home:
        breaches, figures = asyncio.run(play(given.rounds, given.seed, Path(home)))
    sys.stdout.writelines(f"{name:24}{value}\n" for name, value in figures.items())
    sys.stdout.writelines(f"BREACH {sentence}\n" for sentence in breaches[:50])
    sys.stdout.write(f"breaches                {len(breaches)}\n")
    return bool(breaches)


if __name__ == "__main__":
    sys.exit(main())
