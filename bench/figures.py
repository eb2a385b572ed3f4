"""Runs the sides one beside the other and keeps what was measured."""

from __future__ import annotations

import asyncio
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import machine
from bench.load import Run
from bench.sides import Side

MANY, ONE = 64, 1
QUIET_S = 2.0


@dataclass(frozen=True)
class Plan:
    """How long to measure: `rounds` runs of `seconds`, the sides taking turns within each round."""

    rounds: int = 5
    seconds: float = 3.0
    starts: int = 3
    commands: int = 11


QUICK = Plan(rounds=2, seconds=1.0, starts=1, commands=3)


@dataclass
class Echo:
    """Echoes with one number in flight. `cpu_us` is the side's processor time for one, `load_busy` the load's share."""

    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    load_busy: list[float] = field(default_factory=list)

    def add(self, run: Run, side_s: float, load_s: float) -> None:
        self.per_second.append(run.per_second)
        self.p50_ms.append(run.quantile_ms(0.50))
        self.p99_ms.append(run.quantile_ms(0.99))
        self.cpu_us.append(side_s / run.answers * 1e6)
        self.load_busy.append(load_s / run.seconds)

    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in vars(self).items()}


@dataclass
class Figures:
    """All of one side."""

    start_s: float = 0.0
    idle_mib: float = 0.0
    loaded_mib: float = 0.0
    received: list[float] = field(default_factory=list)
    kept: dict[str, int] = field(default_factory=dict)
    echo: dict[int, Echo] = field(default_factory=lambda: {MANY: Echo(), ONE: Echo()})

    def plain(self) -> dict[str, Any]:
        return {
            "start_s": self.start_s,
            "idle_mib": self.idle_mib,
            "loaded_mib": self.loaded_mib,
            "kept": self.kept,
            "received_per_second": statistics.median(self.received),
            "in_flight": {str(number): echo.medians() for number, echo in self.echo.items()},
        }


async def measure(sides: list[Side], plan: Plan) -> dict[str, Figures]:
    load_cores, side_cores = machine.cores()
    os.sched_setaffinity(0, load_cores)
    found = {side.name: Figures() for side in sides}
    with tempfile.TemporaryDirectory(prefix="kagami-bench-") as folder:
        try:
            for side in sides:
                await _start(side, found[side.name], plan, Path(folder, side.name), side_cores)
            for side in sides:
                await side.start(Path(folder, side.name, "rounds"), side_cores)
            for number in range(plan.rounds):
                for side in sides:
                    await _round(side, found[side.name], plan, first=number == 0)
            await asyncio.sleep(QUIET_S)
            for side in sides:
                found[side.name].loaded_mib = machine.memory_mib(side.pid)
        finally:
            for side in sides:
                if side.process:
                    await side.stop()
                    found[side.name].kept = side.kept(side.home) if side.kept else {}
    return found


async def _start(side: Side, figures: Figures, plan: Plan, home: Path, cores: set[int]) -> None:
    """Alone: of what programs share each has its part, so that one in the company of others looks smaller."""
    late, idle = [], []
    for number in range(plan.starts):
        try:
            late.append(await side.start(home / str(number), cores))
            await asyncio.sleep(QUIET_S)
            idle.append(machine.memory_mib(side.pid))
        finally:
            await side.stop()
    figures.start_s, figures.idle_mib = statistics.median(late), statistics.median(idle)


async def _round(side: Side, figures: Figures, plan: Plan, *, first: bool) -> None:
    if first:
        await side.load.echo(1.0, MANY)
    for in_flight, echo in figures.echo.items():
        side_before, load_before = machine.processor_s(side.pid), time.process_time()
        run = await side.load.echo(plan.seconds, in_flight)
        load_s = time.process_time() - load_before
        echo.add(run, machine.processor_s(side.pid) - side_before, load_s)
    fast = figures.echo[MANY].per_second[0]
    figures.received.append((await side.load.flood(min(40_000, max(1_000, round(fast * plan.seconds))))).per_second)
