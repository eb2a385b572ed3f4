"""Engines that share a PostgreSQL: who does what, and that it goes on when one of them goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import partial
from pathlib import Path

import pytest

from kagami.engine import Engine
from kagami.errors import NotFound, Refused, SettingError
from kagami.hub.alerts import Alerts
from kagami.hub.hub import Hub
from kagami.operations.audit import VerifyAudit
from kagami.operations.bots import ListBots, Login, Reconnect, RemoveBot
from kagami.operations.cluster import Drain, ListNodes, ProcessRow
from kagami.operations.messages import Say
from kagami.operations.routes import AddRoute
from kagami.operations.system import Connect
from kagami.storage.store import SqlStore
from tests.engine.running import FREE, answers, engine, until, visiting

SECRET = "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"
Start = Callable[[str, str], AbstractAsyncContextManager[Engine]]
LIMIT_S = 40.0


@pytest.fixture
def start(tmp_path: Path, postgres_url: str) -> Start:
    """An engine by name and role."""

    def begin(name: str, role: str) -> AbstractAsyncContextManager[Engine]:
        return engine(
            tmp_path / name,
            KAGAMI_STORE__URL=postgres_url,
            KAGAMI_CLUSTER__NODE=name,
            KAGAMI_CLUSTER__ROLE=role,
            KAGAMI_CLUSTER__SECRET=SECRET,
            KAGAMI_CLUSTER__LEASE_SECONDS="2",
        )

    return begin


async def processes(opened: Engine, fits: Callable[[dict[str, ProcessRow]], bool]) -> dict[str, ProcessRow]:
    """What one engine says of all, once it is so."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            rows = {row.node: row for row in await opened.call(ListNodes())}
            if fits(rows):
                return rows
            await asyncio.sleep(0.02)


def served(rows: dict[str, ProcessRow]) -> int:
    return sum(row.partitions for row in rows.values() if row.state == "serving")


@pytest.fixture
async def pair(start: Start) -> AsyncIterator[tuple[Engine, Engine]]:
    """A gateway and a worker."""
    async with start("gateway", "gateway") as gateway, start("worker", "worker") as worker:
        await processes(gateway, lambda rows: served(rows) == 64 and len(rows) == 2)
        yield gateway, worker


async def test_one_engine_alone_serves_everything(start: Start) -> None:
    async with start("a", "all") as alone, visiting(alone) as peer:
        await answers(peer, "/echo alone", "alone")
        rows = await processes(alone, lambda rows: served(rows) == 64)
        assert rows["a"].duty


async def test_what_a_gateway_hears_a_worker_handles_and_the_gateway_says(pair: tuple[Engine, Engine]) -> None:
    gateway, worker = pair
    async with visiting(gateway) as peer:
        await answers(peer, "/echo far away", "far away")
    assert worker.gateway_port == 0
    with pytest.raises(Refused, match="role worker"):
        await worker.call(Connect())
    await until(lambda: worker.parts.meters.count["events", "handled"] == 1)
    assert gateway.parts.meters.count["events", "handled"] == 0


async def test_every_engine_sees_the_accounts_of_all(pair: tuple[Engine, Engine]) -> None:
    gateway, worker = pair
    async with visiting(gateway), asyncio.timeout(LIMIT_S):
        while "qq:10001" not in [row.id for row in await worker.call(ListBots())]:
            await asyncio.sleep(0.02)


async def test_an_account_that_no_process_has_is_listed_and_says_so(tmp_path: Path, postgres_url: str) -> None:
    table = f'{FREE}[[bots]]\nkind = "onebot11"\nname = "one"\nurl = "ws://127.0.0.1:1"\n'

    def begin(role: str) -> AbstractAsyncContextManager[Engine]:
        names = {"STORE__URL": postgres_url, "CLUSTER__NODE": role, "CLUSTER__ROLE": role, "CLUSTER__SECRET": SECRET}
        return engine(tmp_path / role, table, **{f"KAGAMI_{name}": value for name, value in names.items()})

    async with begin("worker") as worker, asyncio.timeout(LIMIT_S):
        (alone,) = [row for row in await worker.call(ListBots()) if row.name == "one"]
        assert (alone.health.state, "no gateway has" in alone.health.reason) == ("connecting", True)
        for asked in (Login(bot="one"), Reconnect(bot="one")):
            with pytest.raises(Refused, match="no gateway has"):
                await worker.call(asked)
        async with begin("gateway"):
            while (found := [row for row in await worker.call(ListBots()) if row.name == "one"]) == [alone]:
                await asyncio.sleep(0.02)
            while [row.node for row in found] != ["gateway"]:  # between the lease and the connection there is nothing
                assert len(found) < 2
                found = [row for row in await worker.call(ListBots()) if row.name == "one"]
                await asyncio.sleep(0.02)


async def test_a_worker_takes_a_bot_out_of_its_file(tmp_path: Path, postgres_url: str) -> None:
    table = f'{FREE}[[bots]]\nkind = "onebot11"\nname = "one"\nurl = "ws://127.0.0.1:1"\n'
    async with engine(
        tmp_path, table, KAGAMI_STORE__URL=postgres_url, KAGAMI_CLUSTER__ROLE="worker", KAGAMI_CLUSTER__SECRET=SECRET
    ) as worker:
        await worker.call(RemoveBot(bot="one"))
        assert "one" not in [row.name for row in await worker.call(ListBots())]


async def test_when_a_worker_leaves_another_goes_on(start: Start, pair: tuple[Engine, Engine]) -> None:
    gateway, _ = pair
    async with visiting(gateway) as peer:
        async with start("second", "worker"):
            await processes(gateway, lambda rows: len(rows) == 3 and rows["second"].partitions == 32)
            await answers(peer, "/echo two", "two")
        await processes(gateway, lambda rows: len(rows) == 2 and rows["worker"].partitions == 64)
        await answers(peer, "/echo one", "one")


async def test_what_waits_while_there_is_no_worker_is_handled_by_the_next(start: Start) -> None:
    async with start("gateway", "gateway") as gateway, visiting(gateway) as peer:
        await peer.say("/echo late", user="20002", group="42")
        async with start("worker", "worker"), asyncio.timeout(LIMIT_S):
            call = await peer.called("send_group_msg")
            assert call["params"]["message"][0]["data"]["text"] == "late"


async def test_a_process_that_is_drained_hands_over_and_serves_again(start: Start, pair: tuple[Engine, Engine]) -> None:
    gateway, _ = pair
    async with start("second", "worker"):
        await processes(gateway, lambda rows: len(rows) == 3 and rows["second"].partitions == 32)
        await gateway.call(Drain(node="second"))
        rows = await processes(gateway, lambda rows: rows["worker"].partitions == 64)
        assert rows["second"].state == "leaving"
        await gateway.call(Drain(node="second", on=False))
        await processes(gateway, lambda rows: rows["second"].partitions == 32)


async def test_the_last_one_that_serves_is_not_drained(pair: tuple[Engine, Engine]) -> None:
    with pytest.raises(Refused):
        await pair[0].call(Drain(node="worker"))


async def test_nobody_is_drained_who_is_not_there(pair: tuple[Engine, Engine]) -> None:
    with pytest.raises(NotFound):
        await pair[0].call(Drain(node="nobody"))


async def test_what_is_decided_at_one_counts_at_all(pair: tuple[Engine, Engine]) -> None:
    gateway, worker = pair
    await gateway.call(AddRoute(match="user:20002", to="drop"))
    await until(lambda: worker.parts.routing.rules.rules)
    async with visiting(gateway) as peer:
        await peer.say("/echo dropped", user="20002", group="42")
        await until(lambda: worker.parts.meters.count["events", "dropped"])


async def test_what_is_decided_while_another_begins_counts_there_too(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember = Hub.remember

    async def decide(hub: Hub) -> None:
        await gateway.call(AddRoute(match="user:20002", to="drop"))
        await remember(hub)

    async with start("gateway", "gateway") as gateway:
        monkeypatch.setattr(Hub, "remember", decide)
        async with start("worker", "worker") as worker:
            await until(lambda: worker.parts.routing.rules.rules)


async def test_all_make_the_same_secrets_from_one(pair: tuple[Engine, Engine]) -> None:
    gateway, worker = pair
    assert [(await each.call(VerifyAudit())).ok for each in (gateway, worker)] == [True, True]


async def test_a_worker_has_no_address_for_bots(pair: tuple[Engine, Engine]) -> None:
    gateway, worker = pair
    assert gateway.parts.connection().token
    with pytest.raises(Refused, match="role worker"):
        worker.parts.connection()


async def test_an_engine_alone_is_a_cluster_of_one(tmp_path: Path) -> None:
    async with engine(tmp_path) as alone:
        (row,) = await alone.call(ListNodes())
        assert (row.role, row.state, row.duty) == ("all", "serving", True)


@pytest.mark.parametrize("role", ["gateway", "worker"])
async def test_a_part_of_an_engine_needs_a_server(tmp_path: Path, role: str) -> None:
    with pytest.raises(SettingError) as error:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(partial(engine, tmp_path)(KAGAMI_CLUSTER__ROLE=role))
    assert "DB_HOST" in error.value.text()


async def test_what_is_said_in_a_process_own_chat_is_handled_there_and_once(pair: tuple[Engine, Engine]) -> None:
    gateway, worker = pair
    for opened in pair:
        await opened.call(Say(text="/echo here"))
        count = opened.parts.meters.count
        await until(partial(count.get, ("events", "handled")))
    await processes(gateway, lambda rows: all(row.waiting == 0 for row in rows.values()))
    assert [each.parts.meters.count["events", "handled"] for each in (gateway, worker)] == [1, 1]


@pytest.fixture
async def ghost(start: Start) -> AsyncIterator[Engine]:
    """An engine with the duty, beside a process that says nothing any more."""
    async with start("a", "all") as one:
        await processes(one, lambda rows: rows["a"].duty)
        store: SqlStore = one.parts.store  # type: ignore[assignment]
        assert store.cluster is not None
        await store.cluster[1].join("ghost", "worker", 2.0)
        yield one


async def test_a_process_that_is_silent_is_told_as_gone(ghost: Engine) -> None:
    await processes(ghost, lambda rows: "ghost" in rows and rows["ghost"].state == "gone")
    assert isinstance(ghost.parts.alerts, Alerts)
    ghost.parts.alerts.look()
    assert "process_gone" in [row.kind for row in ghost.parts.alerts.rows()]


async def test_a_process_that_is_gone_for_long_is_forgotten(ghost: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    await processes(ghost, lambda rows: len(rows) == 2)
    monkeypatch.setattr("kagami.engine.cluster.FORGOTTEN_S", 0.1)
    await processes(ghost, lambda rows: len(rows) == 1)
