"""Leases and processes in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from kagami.core.partition import SLOTS
from kagami.errors import ClusterFull, Fenced
from kagami.ports import Fence, NodeState
from kagami.storage.engine import Params
from kagami.storage.leases import SqlLeases, SqlNodes
from kagami.storage.postgres import PostgresEngine, open_postgres
from kagami.storage.rows import event_row, trace_row
from kagami.testing.postgres import PostgresServer
from tests.storage.locks import waits_for_the_first
from tests.storage.make import event, trace

PUT = {"written": [("p", "k", "1")]}


@pytest.fixture
def url(postgres: PostgresServer, migrated: str) -> Iterator[str]:
    made = postgres.create(template=migrated)
    yield made
    postgres.drop(made)


@pytest.fixture
async def engines(url: str) -> AsyncIterator[tuple[PostgresEngine, PostgresEngine]]:
    """Those of two processes."""
    async with open_postgres(url) as one, open_postgres(url) as other:
        yield one, other


@pytest.fixture
def engine(engines: tuple[PostgresEngine, PostgresEngine]) -> PostgresEngine:
    return engines[0]


@pytest.fixture
def leases(engine: PostgresEngine) -> SqlLeases:
    return SqlLeases(engine.between)


@pytest.fixture
def nodes(engine: PostgresEngine) -> SqlNodes:
    return SqlNodes(engine.between)


async def expired(leases: SqlLeases, name: str) -> None:
    """A lease of a process that is gone."""
    await leases.take([name], "gone", -1.0)


async def test_a_free_lease_is_taken_and_a_held_one_is_not(leases: SqlLeases) -> None:
    assert await leases.take(["part:1", "part:2"], "a", 15.0) == [Fence("part:1", 1), Fence("part:2", 1)]
    assert await leases.take(["part:1", "part:3"], "b", 15.0) == [Fence("part:3", 1)]


async def test_taking_over_raises_the_epoch(leases: SqlLeases) -> None:
    await expired(leases, "part:1")
    assert await leases.take(["part:1"], "b", 15.0) == [Fence("part:1", 2)]


async def test_a_released_lease_is_free_and_its_epoch_goes_on(leases: SqlLeases) -> None:
    held = await leases.take(["part:1"], "a", 15.0)
    await leases.release(held)
    assert await leases.take(["part:1"], "b", 15.0) == [Fence("part:1", 2)]


async def test_seizing_takes_it_from_whoever_holds_it(leases: SqlLeases) -> None:
    held = await leases.take(["bot:qq:1"], "a", 15.0)
    assert await leases.seize("bot:qq:1", "b", 15.0) == Fence("bot:qq:1", 2)
    assert not await leases.renew(held, "a", 15.0)


async def test_renewing_tells_what_is_still_held(leases: SqlLeases) -> None:
    held = await leases.take(["part:1", "part:2"], "a", 15.0)
    await leases.seize("part:2", "b", 15.0)
    assert await leases.renew(held, "a", 15.0) == [Fence("part:1", 1)]


async def test_one_that_ended_but_that_nobody_took_is_renewed(leases: SqlLeases) -> None:
    held = await leases.take(["part:1"], "a", -1.0)
    assert await leases.renew(held, "a", 15.0) == held


async def test_what_is_left_of_each_is_told(leases: SqlLeases) -> None:
    await leases.take(["part:1"], "a", 15.0)
    await expired(leases, "part:2")
    rows = {row.name: row for row in await leases.rows()}
    assert 5.0 < rows["part:1"].left_s <= 15.0
    assert rows["part:2"].left_s < 0
    assert rows["part:1"].owner == "a"


async def test_of_two_that_ask_at_once_each_lease_is_ones(engines: tuple[PostgresEngine, PostgresEngine]) -> None:
    names = [f"part:{number}" for number in range(64)]
    one, other = await asyncio.gather(
        SqlLeases(engines[0].between).take(names, "a", 15.0), SqlLeases(engines[1].between).take(names[::-1], "b", 15.0)
    )
    assert len(one) + len(other) == 64
    assert not {each.name for each in one} & {each.name for each in other}


@pytest.mark.parametrize("how", ["renew", "release"])
async def test_leases_are_locked_in_the_order_of_their_names(leases: SqlLeases, url: str, how: str) -> None:
    """Else two processes that lock the same ones could wait in a circle."""
    held = (await leases.take(["part:1", "part:2"], "a", 15.0))[::-1]
    ways: dict[str, Callable[[], Awaitable[object]]] = {
        "renew": lambda: leases.renew(held, "a", 15.0),
        "release": lambda: leases.release(held),
    }
    await waits_for_the_first(url, "leases", "name = 'part:1'", "name = 'part:2'", ways[how])


async def test_a_write_under_a_lease_that_was_taken_over_is_refused(
    engines: tuple[PostgresEngine, PostgresEngine],
) -> None:
    one, other = engines
    (fence,) = await SqlLeases(one.between).take(["part:1"], "a", -1.0)
    assert await one.write("batch", PUT, durable=True, fence=[fence]) == 1
    await SqlLeases(other.between).take(["part:1"], "b", 15.0)
    with pytest.raises(Fenced) as error:
        await one.write("batch", {"written": [("p", "k", "2")]}, durable=True, fence=[fence])
    assert error.value.lost == [("part:1", 1)]
    assert await one.ask("plugin_value", {"plugin": "p", "key": "k"}) == [["1"]]


async def test_a_renewal_passes_while_its_holder_writes(engines: tuple[PostgresEngine, PostgresEngine]) -> None:
    one, other = engines
    held = await SqlLeases(one.between).take(["part:1"], "a", 15.0)
    for _ in range(20):
        _, kept = await asyncio.gather(
            one.write("batch", PUT, durable=True, fence=held), SqlLeases(other.between).renew(held, "a", 15.0)
        )
        assert kept == held


async def test_processes_get_slots_that_differ(nodes: SqlNodes) -> None:
    slots = {await nodes.join(name, "all", 15.0) for name in ("a", "b", "c")}
    assert slots == {0, 1, 2}


async def test_processes_that_join_at_once_get_slots_that_differ(
    engines: tuple[PostgresEngine, PostgresEngine],
) -> None:
    one, other = SqlNodes(engines[0].between), SqlNodes(engines[1].between)
    slots = await asyncio.gather(
        *(each.join(f"{name}{number}", "all", 15.0) for name, each in (("a", one), ("b", other)) for number in range(4))
    )
    assert sorted(slots) == list(range(8))


async def test_one_that_starts_again_has_one_row_and_never_its_old_slot(nodes: SqlNodes) -> None:
    before = await nodes.join("a", "all", 15.0)
    assert await nodes.join("a", "worker", 15.0) != before
    assert not await nodes.beat("a", before, NodeState())
    ((row),) = await nodes.rows()
    assert row.role == "worker"


async def test_one_that_was_forgotten_goes_on_with_its_slot_where_that_is_free(nodes: SqlNodes) -> None:
    slots = [await nodes.join(name, "all", 15.0) for name in ("a", "b", "c")]
    await nodes.leave("b")
    assert await nodes.join("b", "all", 15.0, slots[1]) == slots[1]
    await nodes.leave("c")
    assert await nodes.join("d", "all", 15.0) == slots[2]
    assert await nodes.join("c", "all", 15.0, slots[2]) not in slots


async def test_nobody_is_forgotten_while_the_server_was_away(
    nodes: SqlNodes, engine: PostgresEngine, postgres: PostgresServer
) -> None:
    await nodes.join("old", "all", 15.0)
    database = engine._writer._url.rpartition("/")[2]
    # Longer than the server has been there.
    postgres.run("UPDATE nodes SET seen = pg_postmaster_start_time() - INTERVAL '1 hour'", database)
    await nodes.join("new", "all", 1_800.0)
    assert {row.node for row in await nodes.rows()} == {"old", "new"}


async def test_the_time_is_the_databases(nodes: SqlNodes, postgres: PostgresServer) -> None:
    def now_ms() -> int:
        return int(postgres.run("SELECT CAST(extract(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"))

    before = now_ms()
    assert before <= await nodes.wall_ms() <= now_ms()


async def test_there_are_only_so_many_slots(nodes: SqlNodes) -> None:
    for number in range(SLOTS):
        await nodes.join(f"n{number}", "all", 15.0)
    with pytest.raises(ClusterFull):
        await nodes.join("one more", "all", 15.0)
    assert len(await nodes.rows()) == SLOTS


async def test_the_forgotten_make_room(nodes: SqlNodes) -> None:
    await nodes.join("old", "all", 15.0)
    assert await nodes.join("new", "all", -1.0) == 0
    assert [row.node for row in await nodes.rows()] == ["new"]
    assert not await nodes.beat("old", 0, NodeState())


async def test_what_a_process_tells_is_read_by_others(engines: tuple[PostgresEngine, PostgresEngine]) -> None:
    one, other = SqlNodes(engines[0].between), SqlNodes(engines[1].between)
    await one.join("a", "gateway", 15.0)
    assert await one.beat("a", 0, NodeState(version="1.2", parts=(1, 2), trouble="a \x00 and \ud800"))
    (row,) = await other.rows()
    assert (row.node, row.role, row.state.version, row.state.parts) == ("a", "gateway", "1.2", (1, 2))
    assert 0 <= row.seen_s < 10


async def test_one_that_leaves_is_gone(nodes: SqlNodes) -> None:
    await nodes.join("a", "all", 15.0)
    await nodes.leave("a")
    assert not await nodes.rows()


async def test_of_two_epochs_of_a_lease_only_the_one_that_is_over_is_named(engine: PostgresEngine) -> None:
    leases = SqlLeases(engine.between)
    (old,) = await leases.take(["part:1"], "a", -1.0)
    (new,) = await leases.take(["part:1"], "a", 15.0)
    with pytest.raises(Fenced) as error:
        await engine.write("batch", PUT, durable=True, fence=[old, new])
    assert error.value.lost == [("part:1", old.epoch)]


async def test_an_event_that_is_done_is_not_opened_by_a_batch_that_is_written_again(engine: PostgresEngine) -> None:
    made = event()
    rows: Params = {"events": [event_row(1, made, 5)], "opened": [(made.execution, 1, 3)]}
    done: Params = {"traces": [trace_row(trace(made))], "closed": [(made.execution,)]}
    await engine.write("batch", rows, durable=True)
    await engine.write("batch", done, durable=True)
    await engine.write("batch", rows, durable=True)
    assert await engine.ask("open_events", {"parts": [3], "held": [], "most": 5}) == []
