"""What is done to a cluster while it is under load: a schedule made of a seed, and the acts.

Each act is a coroutine that is over when the cluster is whole again; what it did, and when, is kept in `struck`.
"""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from tests.cluster.rounds.cluster import Cluster, Node
from tests.cluster.rounds.lines import Struck
from tests.cluster.rounds.servers import Servers

AWAY_S = (0.5, 2.0)


@dataclass
class Field:
    """What there is to strike. `lease_s` is how long a partition's owner may be silent."""

    cluster: Cluster
    servers: Servers
    chance: random.Random
    lease_s: float
    away_s: float = 20.0
    struck: list[Struck] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


Act = Callable[[Field], Awaitable[str]]


async def run(acts: Sequence[Act], every_s: float, ground: Field) -> None:
    """One of the acts every so many seconds, as the seed has it, until the ground is `ended`; each comes to its end."""
    turn = list[Act]()
    while not await _ended(ground, every_s):
        turn = turn or ground.chance.sample(list(acts), len(acts))
        at = time.time()
        what = await turn.pop()(ground)
        ground.struck.append(Struck(what, at, time.time()))


async def _ended(ground: Field, within_s: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await ground.ended.wait()
    return ground.ended.is_set()


async def kill(ground: Field, nodes: list[Node]) -> str:
    node = ground.chance.choice(nodes)
    await node.kill()
    await asyncio.sleep(ground.chance.uniform(*AWAY_S))
    await node.start()
    await node.ready()
    return f"{node.role} killed: {node.name}"


async def freeze(ground: Field, nodes: list[Node]) -> str:
    """Past its lease, then on as if nothing had been."""
    node = ground.chance.choice(nodes)
    node.signal(signal.SIGSTOP)
    await asyncio.sleep(ground.lease_s * 1.3 + 1)
    node.signal(signal.SIGCONT)
    return f"{node.role} stopped past its lease: {node.name}"


async def move(ground: Field, nodes: list[Node]) -> str:
    """A node leaves and comes back: its partitions go to others and return."""
    node = ground.chance.choice(nodes)
    ground.stops.append(await node.stop())
    await node.start()
    await node.ready()
    return f"{node.role} moved: {node.name}"


async def kill_worker(ground: Field) -> str:
    return await kill(ground, ground.cluster.workers)


async def freeze_worker(ground: Field) -> str:
    return await freeze(ground, ground.cluster.workers)


async def move_worker(ground: Field) -> str:
    return await move(ground, ground.cluster.workers)


async def kill_gateway(ground: Field) -> str:
    return await kill(ground, ground.cluster.gateways)


async def move_gateway(ground: Field) -> str:
    return await move(ground, ground.cluster.gateways)


async def roll(ground: Field) -> str:
    """Every node, one after the other."""
    for node in ground.cluster.nodes:
        ground.stops.append(await node.stop())
        await node.start()
        await node.ready()
    return "every node restarted"


async def cut_off(ground: Field) -> str:
    """The node behind the proxy cannot reach PostgreSQL for longer than its lease; its connections stay half open."""
    proxy = ground.servers.proxy
    proxy.black_hole()
    await asyncio.sleep(ground.lease_s * 1.3 + 1)
    await proxy.heal()
    return "the last worker cut off from PostgreSQL"


async def wipe_redis(ground: Field) -> str:
    await ground.servers.redis.wipe()
    return "Redis wiped"


async def kill_redis(ground: Field) -> str:
    ground.servers.redis.kill()
    await asyncio.sleep(ground.chance.uniform(*AWAY_S))
    await ground.servers.redis.start()
    return "Redis killed"


async def freeze_redis(ground: Field) -> str:
    ground.servers.redis.pause()
    await asyncio.sleep(ground.lease_s)
    ground.servers.redis.resume()
    return "Redis stopped"


async def crash_postgres(ground: Field) -> str:
    """Away for so long, after a crash."""
    await asyncio.to_thread(ground.servers.postgres.stop, "immediate")
    await asyncio.sleep(ground.away_s)
    await asyncio.to_thread(ground.servers.postgres.start)
    return f"PostgreSQL away {ground.away_s:g} s"


async def freeze_postgres(ground: Field) -> str:
    ground.servers.postgres.pause()
    await asyncio.sleep(ground.away_s)
    ground.servers.postgres.resume()
    return f"PostgreSQL stopped {ground.away_s:g} s"


async def crash_postgres_and_gateway(ground: Field) -> str:
    """A gateway is killed with all that it has kept on its disk, and PostgreSQL comes back after it."""
    await asyncio.to_thread(ground.servers.postgres.stop, "immediate")
    await asyncio.sleep(ground.away_s)
    node = ground.chance.choice(ground.cluster.gateways)
    await node.kill()
    await asyncio.to_thread(ground.servers.postgres.start)
    await node.start()
    await node.ready()
    return f"PostgreSQL away {ground.away_s:g} s, {node.name} killed meanwhile"
