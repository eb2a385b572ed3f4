from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest

from kagami.errors import Fenced, RowRefused, StoreClosed, StoreSlow
from kagami.meters import Meters
from kagami.ports import Fence
from kagami.storage.audit import Seals
from kagami.storage.engine import Params
from kagami.storage.postgres import PostgresEngine, open_postgres
from kagami.storage.queries import queries
from kagami.storage.store import open_store
from kagami.testing.clock import FakeClock
from kagami.testing.postgres import PostgresServer
from tests.storage.audited import fill

SLOW = "SELECT pg_sleep(60)"


@pytest.fixture
def url(postgres: PostgresServer, migrated: str) -> Iterator[str]:
    made = postgres.create(template=migrated)
    yield made
    postgres.drop(made)


@pytest.fixture
async def engine(url: str) -> AsyncIterator[PostgresEngine]:
    async with open_postgres(url) as opened:
        yield opened


@pytest.fixture
async def other(url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection beside the engine's."""
    connection = await asyncpg.connect(url)
    yield connection
    await connection.close()


def put(*values: tuple[str, str, str | None]) -> dict[str, list[tuple[str, str, str | None]]]:
    return {"written": list(values)}


async def kept(engine: PostgresEngine) -> list[str]:
    return [key for (key,) in await engine.fetch("plugin_keys", {"plugin": "p", "prefix": ""})]


class TestWriting:
    async def test_a_bundle_counts_what_changed(self, engine: PostgresEngine) -> None:
        assert await engine.write("batch", put(("p", "a", "1"), ("p", "b", None))) == 3

    async def test_a_bundle_is_all_or_nothing(self, engine: PostgresEngine) -> None:
        traces = [("e", "b", "c", "u", 1, 1, None, "", "", "", "[]")]
        with pytest.raises(RowRefused, match="not-null"):
            await engine.write("batch", {"traces": traces, **put(("p", "a", "1"))})
        assert await kept(engine) == []

    async def test_of_rows_with_one_key_the_last_counts(self, engine: PostgresEngine) -> None:
        await engine.write("batch", put(("p", "a", "1"), ("p", "b", "2"), ("p", "a", "3")))
        assert await engine.fetch("plugin_items", {"plugin": "p", "prefix": ""}) == [["a", "3"], ["b", "2"]]

    async def test_calls_keep_their_order(self, engine: PostgresEngine) -> None:
        engine.write("batch", put(("p", "a", "1")))
        asked = engine.ask("plugin_value", {"plugin": "p", "key": "a"})
        engine.write("batch", put(("p", "a", "2")))
        assert (await asked, await engine.ask("plugin_value", {"plugin": "p", "key": "a"})) == ([["1"]], [["2"]])

    async def test_every_bundle_waits_for_the_disk(self, postgres: PostgresServer, url: str) -> None:
        """A server that crashes would forget what this process, which lives on, takes for written."""
        postgres.run(f"ALTER DATABASE {url.rpartition('/')[2]} SET synchronous_commit = off")

        async def work(connection: asyncpg.Connection[Any]) -> Any:
            async with connection.transaction():
                await connection.fetchval("SELECT pg_temp.run_revive(false, '{}', '{}', '')")
                return await connection.fetchval("SHOW synchronous_commit")

        async with open_postgres(url) as engine:
            assert await engine._submit(work) == "on"

    async def test_a_durable_bundle_that_changes_nothing_still_waits(self, engine: PostgresEngine) -> None:
        barrier = "SELECT value FROM marks WHERE name = 'barrier'"

        async def work(connection: asyncpg.Connection[Any]) -> Any:
            return await connection.fetchval(barrier)

        await engine.write("revive", {"execution": "none"}, durable=True)
        assert await engine._submit(work) == 1

    async def test_a_deadlock_is_tried_again(self, engine: PostgresEngine) -> None:
        tries = []

        async def work(connection: asyncpg.Connection[Any]) -> int:
            tries.append(1)
            code = "40P01" if len(tries) < 3 else ""
            if code:
                await connection.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$")
            return len(tries)

        assert await engine._submit(work) == 3

    async def test_what_nobody_waits_for_any_more_is_left_out(self, engine: PostgresEngine) -> None:
        engine.write("batch", put(("p", "a", "1")))
        engine.write("batch", put(("p", "b", "1"))).cancel()
        await engine.write("batch", put(("p", "c", "1")))
        assert await kept(engine) == ["a", "c"]

    async def test_a_mistake_in_one_job_is_not_the_next_ones(self, engine: PostgresEngine) -> None:
        def prepare(_rows: list[list[Any]]) -> Params:
            raise ZeroDivisionError

        failing = engine.write_after("audit_head", "audit", prepare)
        assert await engine.write("batch", put(("p", "a", "1"))) == 1
        with pytest.raises(ZeroDivisionError):
            await failing

    async def test_two_that_append_after_a_row_take_turns(self, url: str) -> None:
        def prepare(rows: list[list[Any]]) -> Params:
            seq = rows[0][0] + 1 if rows else 1
            told = dict.fromkeys(("kind", "name", "address", "operation", "target", "result", "hash"), "")
            return {"seq": seq, "at_ms": 0, **told}

        async with open_postgres(url) as one, open_postgres(url) as two:
            await asyncio.gather(*(each.write_after("audit_head", "audit", prepare) for each in (one, two) * 20))
            assert (await one.ask("audit_head"))[0][0] == 40


class TestReading:
    async def test_readers_cannot_write(self, engine: PostgresEngine) -> None:
        with pytest.raises(StoreClosed, match="read-only"):
            await engine._read(lambda connection: connection.execute("DELETE FROM marks"))

    async def test_reading_is_limited_in_time(self, engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(queries("postgres"), "slow", SLOW)
        engine.read_seconds = 0.05
        with pytest.raises(StoreSlow):
            await engine.fetch("slow")
        engine.read_seconds = 5
        assert await engine.fetch("digested") == [[0]]

    async def test_waiting_for_a_turn_counts_as_time(
        self, engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(queries("postgres"), "slow", SLOW)
        engine.read_seconds = 0.1
        answers = await asyncio.gather(*(engine.fetch("slow") for _ in range(12)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {StoreSlow}

    async def test_writing_goes_on_beside_slow_readers(
        self, engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(queries("postgres"), "slow", SLOW)
        engine.read_seconds = 1
        slow = [asyncio.ensure_future(engine.fetch("slow")) for _ in range(4)]
        assert await engine.write("batch", put(("p", "a", "1"))) == 1
        assert not any(each.done() for each in slow)
        for each in slow:
            each.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    async def test_no_more_than_five_connections_are_held(
        self, engine: PostgresEngine, other: asyncpg.Connection[Any]
    ) -> None:
        await asyncio.gather(*(engine.fetch("digested") for _ in range(40)))
        held = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert await other.fetchval(held) == 5

    async def test_an_account_that_may_only_read_is_enough_to_read(self, postgres: PostgresServer, url: str) -> None:
        name = url.rpartition("/")[2]
        postgres.run(f"CREATE ROLE reader_{name} LOGIN PASSWORD 'secret'")
        async with open_postgres(url, read_url=postgres.url(name, user=f"reader_{name}", password="secret")) as engine:
            await engine.write("batch", put(("p", "a", "1")))
            assert await kept(engine) == ["a"]

            async def who(connection: asyncpg.Connection[Any]) -> Any:
                return await connection.fetchval("SELECT current_user")

            assert await engine._read(who) == f"reader_{name}"
            with pytest.raises(StoreClosed, match="permission denied"):
                await engine._read(lambda connection: connection.fetch("SELECT * FROM plugin_values"))
            assert await engine.fetch("packages") == []
            assert await engine.used() > 0


class TestFence:
    LEASE = Fence("part:1", 3)

    @pytest.fixture(autouse=True)
    async def lease(self, url: str) -> None:
        connection = await asyncpg.connect(url)
        rows = "('part:1', 3, 'me', now() + '15 s'), ('part:2', 1, 'me', now())"
        await connection.execute(f"INSERT INTO leases VALUES {rows}")  # noqa: S608
        await connection.close()

    async def test_the_holder_writes(self, engine: PostgresEngine) -> None:
        assert await engine.write("batch", put(("p", "a", "1")), fence=[self.LEASE, Fence("part:2", 1)]) == 1

    async def test_after_a_take_over_nothing_is_written(
        self, engine: PostgresEngine, other: asyncpg.Connection[Any]
    ) -> None:
        await other.execute("UPDATE leases SET epoch = 4, owner = 'you' WHERE name = 'part:1'")
        with pytest.raises(Fenced) as caught:
            await engine.write("batch", put(("p", "a", "1")), fence=[Fence("part:2", 1), self.LEASE])
        assert ([name for name, _ in caught.value.lost], await kept(engine)) == (["part:1"], [])

    async def test_a_lease_that_is_gone_fences_too(self, engine: PostgresEngine) -> None:
        with pytest.raises(Fenced) as caught:
            await engine.write("batch", put(("p", "a", "1")), fence=[Fence("part:9", 1)])
        assert [name for name, _ in caught.value.lost] == ["part:9"]

    async def test_a_take_over_waits_and_a_renewal_passes_while_a_fenced_bundle_is_open(
        self, engine: PostgresEngine, other: asyncpg.Connection[Any]
    ) -> None:
        begun, go_on = asyncio.Event(), asyncio.Event()

        async def work(connection: asyncpg.Connection[Any]) -> None:
            async with connection.transaction():
                await connection.fetchval("SELECT pg_temp.run_revive(true, '{part:1}', '{3}', '')")
                begun.set()
                await go_on.wait()

        written = engine._submit(work)
        async with asyncio.timeout(5):
            await begun.wait()
            await other.execute("UPDATE leases SET expires = now() + '15 s' WHERE name = 'part:1' AND epoch = 3")
            taking = asyncio.ensure_future(other.execute("UPDATE leases SET epoch = 4 WHERE name = 'part:1'"))
            done, _ = await asyncio.wait([taking], timeout=0.1)
            assert not done
            go_on.set()
            await written
            assert await taking == "UPDATE 1"

    async def test_who_waited_for_a_take_over_is_fenced(
        self, engine: PostgresEngine, other: asyncpg.Connection[Any]
    ) -> None:
        async with other.transaction():
            await other.execute("UPDATE leases SET epoch = 4 WHERE name = 'part:1'")
            written = engine.write("batch", put(("p", "a", "1")), fence=[self.LEASE])
            done, _ = await asyncio.wait([written], timeout=0.1)
            assert not done
        with pytest.raises(Fenced):
            await written
        assert await kept(engine) == []


async def test_what_was_given_is_written_when_it_closes(url: str) -> None:
    async with open_postgres(url) as engine:
        for number in range(20):
            engine.write("batch", put(("p", str(number), "1")))
    with pytest.raises(StoreClosed, match="closed"):
        await engine.fetch("digested")
    with pytest.raises(StoreClosed, match="closed"):
        engine.write("batch", {})
    async with open_postgres(url) as engine:
        assert len(await kept(engine)) == 20


async def test_content_is_measured_without_what_was_removed(engine: PostgresEngine) -> None:
    await engine.write("batch", put(("p", "a", "x" * 100_000), ("p", "b", "1")))
    used = await engine.used()
    await engine.write("batch", put(("p", "a", None)))
    assert await engine.used() < used
    assert await engine.size() > 1_000_000


async def test_a_change_of_the_audit_behind_our_back_is_found(
    url: str, other: asyncpg.Connection[Any], clock: FakeClock, seals: Seals
) -> None:
    async with open_store(url, clock=clock, meters=Meters(), seals=seals) as store:
        await fill(store, 5)
        await store._audit.anchor()
        assert (await store.verify_audit()).ok
        await other.execute("ALTER TABLE audit DISABLE TRIGGER audit_fixed")
        await other.execute("UPDATE audit SET target = 'other' WHERE seq = 3")
        found = await store.verify_audit()
    assert (found.ok, found.row) == (False, 3)
