"""Kagami on one box in four arrangements: `python -m bench.cluster [--quick] [--json FILE]`, or `make bench-cluster`.

Each answers the echoes of one account in 100 groups, durable and traced; PostgreSQL syncs to disk. The nodes, the
servers and the load share the cores of this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import uvloop

from bench import machine
from bench.load import Load, Run
from tests.cluster.rounds.cluster import Cluster
from tests.cluster.rounds.onebot import PATH
from tests.cluster.rounds.servers import Servers

OFFERED = 1_000
IN_FLIGHT = 64
QUIET_S = 2.0
SPREAD = ("gateway", "worker", "worker")


@dataclass(frozen=True)
class Arrangement:
    name: str
    roles: tuple[str, ...] = ("all",)
    postgres: bool = False
    redis: bool = False


ARRANGEMENTS = (
    Arrangement("one node, SQLite"),
    Arrangement("one node, PostgreSQL", postgres=True),
    Arrangement("gateway + 2 workers, PostgreSQL, Redis", SPREAD, postgres=True, redis=True),
    Arrangement("gateway + 2 workers, PostgreSQL", SPREAD, postgres=True),
)


@dataclass
class Found:
    """Medians over rounds. `offered` is with 1,000 echoes a second, whether they are answered or not."""

    per_second: list[float] = field(default_factory=list)
    p50_ms: list[float] = field(default_factory=list)
    p99_ms: list[float] = field(default_factory=list)
    cpu_us: list[float] = field(default_factory=list)
    servers_us: list[float] = field(default_factory=list)
    one_p50_ms: list[float] = field(default_factory=list)
    offered_per_second: list[float] = field(default_factory=list)
    offered_p50_ms: list[float] = field(default_factory=list)
    offered_p99_ms: list[float] = field(default_factory=list)
    mib: list[float] = field(default_factory=list)

    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in asdict(self).items()}


async def measure(wanted: Arrangement, rounds: int, seconds: float) -> dict[str, float]:
    found = Found()
    load_core, every = machine.cores()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kagami-bench-")))
        with machine.on(every):
            servers = await stack.enter_async_context(
                Servers(postgres=wanted.postgres, redis=wanted.redis, durable=True)
            )
            cluster = Cluster(folder, wanted.roles, servers.environment)
            stack.push_async_callback(cluster.close)
            await cluster.open(probe=False)
        os.sched_setaffinity(0, load_core)
        stack.callback(os.sched_setaffinity, 0, every)
        load = Load()
        await load.open(cluster.gateways[0].port, PATH, cluster.token)
        await load.echo(1.0, IN_FLIGHT)
        for _ in range(rounds):
            await _round(load, cluster, servers, found, seconds)
        await asyncio.sleep(QUIET_S)
        found.mib.append(sum(machine.memory_mib(node.running.pid) for node in cluster.nodes))
        await load.close()
    return found.medians()


async def _round(load: Load, cluster: Cluster, servers: Servers, found: Found, seconds: float) -> None:
    before, theirs = _processor_s(cluster), _servers_s(servers)
    many: Run = await load.echo(seconds, IN_FLIGHT)
    found.cpu_us.append((_processor_s(cluster) - before) / many.answers * 1e6)
    found.servers_us.append((_servers_s(servers) - theirs) / many.answers * 1e6)
    found.per_second.append(many.per_second)
    found.p50_ms.append(many.quantile_ms(0.50))
    found.p99_ms.append(many.quantile_ms(0.99))
    found.one_p50_ms.append((await load.echo(seconds / 2, 1)).quantile_ms(0.50))
    offered = await load.offer(seconds, OFFERED)
    found.offered_per_second.append(offered.per_second)
    found.offered_p50_ms.append(offered.quantile_ms(0.50))
    found.offered_p99_ms.append(offered.quantile_ms(0.99))


def _processor_s(cluster: Cluster) -> float:
    return sum(machine.processor_s(node.running.pid) for node in cluster.nodes)


def _servers_s(servers: Servers) -> float:
    return sum(machine.processor_s(pid) for pid in servers.pids)


def lines(found: dict[str, dict[str, float]]) -> Iterator[str]:
    yield (
        f"{'':40}{f'{IN_FLIGHT} in flight':>13}{'':>9}{'':>9}{'CPU µs':>8}{'an echo':>8}{'1 in flight':>13}"
        f"  {f'{OFFERED:,}/s offered':>16}{'':>9}{'':>9}{'nodes':>8}"
    )
    yield (
        f"{'':40}{'echo/s':>13}{'p50 ms':>9}{'p99 ms':>9}{'nodes':>8}{'servers':>8}{'p50 ms':>13}"
        f"  {'answered/s':>16}{'p50 ms':>9}{'p99 ms':>9}{'MiB':>8}"
    )
    for name, each in found.items():
        yield (
            f"{name:40}{each['per_second']:>13,.0f}{each['p50_ms']:>9.1f}{each['p99_ms']:>9.1f}{each['cpu_us']:>8.0f}"
            f"{each['servers_us']:>8.0f}{each['one_p50_ms']:>13.1f}  {each['offered_per_second']:>16,.0f}"
            f"{each['offered_p50_ms']:>9.1f}{each['offered_p99_ms']:>9.1f}{each['mib']:>8.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.cluster", description="Arrangements of one box.")
    parser.add_argument("--quick", action="store_true", help="short runs: an impression, not a result")
    parser.add_argument("--only", default="", help="a part of the names of arrangements")
    parser.add_argument("--json", type=Path, help="write every figure here")
    given = parser.parse_args()
    rounds, seconds = (1, 3.0) if given.quick else (3, 10.0)
    host = machine.describe()
    sys.stdout.write(f"{host['cpu']}, {host['cores']} cores, Python {host['python']}, {host['system']}\n")
    found: dict[str, dict[str, float]] = {}
    for wanted in ARRANGEMENTS:
        if given.only in wanted.name:
            found[wanted.name] = uvloop.run(measure(wanted, rounds, seconds))
    sys.stdout.writelines(line + "\n" for line in lines(found))
    if given.json:
        given.json.write_text(json.dumps({"machine": host, "arrangements": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
