"""The rounds by name: what is struck while so many messages come, and what has to come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from tests.cluster.rounds import strikes
from tests.cluster.rounds.strikes import Act

ONE = ("all",)
CLUSTER = ("gateway", "worker", "worker")
WIDE = ("gateway", "gateway", "worker", "worker")
LEASE_S = 5.0


@dataclass(frozen=True)
class Scenario:
    """Nodes, servers, load and strikes. `sure`: no gateway is struck, so that all that was given was accepted.

    `most` and `least` bound figures of the checker. `detour`: the last node reaches PostgreSQL through the proxy.
    """

    roles: tuple[str, ...] = ONE
    postgres: bool = False
    redis: bool = False
    detour: bool = False
    events: int = 10_000
    rate: float = 200.0
    chats: int = 50
    telegram_chats: int = 50
    open_each: int = 16
    acts: Sequence[Act] = ()
    every_s: float = 10.0
    lease_s: float = LEASE_S
    away_s: float = 20.0
    sure: bool = False
    most: Mapping[str, float] = field(default_factory=dict)
    least: Mapping[str, float] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {"KAGAMI_CLUSTER__LEASE_SECONDS": str(self.lease_s)} if self.postgres else {}


def cluster(roles: tuple[str, ...] = CLUSTER, *, redis: bool = True, **more: object) -> Scenario:
    return Scenario(roles, postgres=True, redis=redis, **more)  # type: ignore[arg-type]


FAST = {"p99 ms": 500.0}
STEADY = cluster(
    events=30_000,
    rate=1_000.0,
    chats=75,
    telegram_chats=0,
    open_each=1_000,
    sure=True,
    most=FAST,
    least={"answers a second": 950},
)
WORKERS = (strikes.kill_worker, strikes.freeze_worker, strikes.move_worker)
REDIS = (strikes.wipe_redis, strikes.kill_redis, strikes.freeze_redis)

SCENARIOS: dict[str, Scenario] = {
    "one-steady": Scenario(events=10_000, rate=500, sure=True),
    "one-killed": Scenario(acts=(strikes.kill_worker,), every_s=4),
    "one-moved": Scenario(acts=(strikes.move_worker,), every_s=4),
    "steady": STEADY,
    "steady-without-redis": replace(STEADY, redis=False),
    "workers": cluster(acts=WORKERS, sure=True, least={"nodes": 2}),
    "workers-without-redis": cluster(redis=False, acts=WORKERS, sure=True, least={"nodes": 2}),
    "gateways": cluster(WIDE, acts=(strikes.kill_gateway, strikes.move_gateway)),
    "redis": cluster(acts=REDIS, sure=True, most={"caught up after s": 30}),
    "postgres-away": cluster(
        acts=(strikes.crash_postgres,), every_s=10, open_each=1_000, sure=True, most={"caught up after s": 60}
    ),
    "postgres-away-gateway-killed": cluster(
        acts=(strikes.crash_postgres_and_gateway,), every_s=10, open_each=1_000, most={"caught up after s": 60}
    ),
    "postgres-stopped": cluster(
        acts=(strikes.freeze_postgres,), every_s=10, open_each=1_000, sure=True, most={"caught up after s": 60}
    ),
    "rolling": cluster(WIDE, acts=(strikes.roll,), every_s=5, most={"slowest stop s": 10, "answers not sent": 0}),
    "cut-off": cluster(detour=True, acts=(strikes.cut_off,), every_s=10, sure=True, least={"nodes": 2}),
}
