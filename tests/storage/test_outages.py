"""PostgreSQL killed, stopped, crowded, read-only; answers that are lost: nothing acknowledged is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kagami.errors import StoreClosed, StoreSlow
from kagami.meters import Meters
from kagami.model.event import Event
from kagami.net.supervise import Nursery
from kagami.ports import StorePut
from kagami.storage import postgres as module
from kagami.storage import postgres_link as link
from kagami.storage.store import SqlStore, open_store
from kagami.testing.clock import FakeClock
from kagami.testing.faultproxy import FaultProxy
from kagami.testing.postgres import PostgresServer
from tests.storage.make import START_MS, event, trace
from tests.storage.wire import Wire, wire_to

FREE = "SELECT 9 - count(*) FROM pg_stat_activity WHERE usename = 'plain'"
Opening = Callable[[str], AbstractAsyncContextManager[SqlStore]]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """Of these tests alone: they kill it."""
    with PostgresServer(fsync=True, settings={"max_connections": "12"}) as started:
        yield started


@pytest.fixture
def url(server: PostgresServer) -> Iterator[str]:
    server.resume()
    made = server.create()
    yield made
    server.resume()
    server.drop(made)


@pytest.fixture
def opening(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> Opening:
    monkeypatch.setattr(link, "RESPITE_SECONDS", 0.02)

    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[SqlStore]:
        async with open_store(url, clock=clock, meters=Meters()) as store:
            store.ledger._retry_s = 0.05
            yield store

    return opened


async def until(condition: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def soon(accepted: Any) -> bool:
    answer: bool = await accepted
    return answer


async def kept(store: SqlStore) -> list[str]:
    return sorted(each.event.execution for each in await store.recover(START_MS))


async def test_a_server_killed_in_the_middle_loses_nothing_acknowledged(
    server: PostgresServer, url: str, opening: Opening
) -> None:
    async with opening(url) as store:
        given = [event() for _ in range(600)]
        accepted = []
        for number, each in enumerate(given):
            accepted.append(asyncio.ensure_future(soon(store.ledger.accept(each, START_MS))))
            if number == 300:
                await accepted[0]
                killing = asyncio.ensure_future(asyncio.to_thread(server.stop, "immediate"))
            await asyncio.sleep(0)
        await killing
        given.append(event())
        accepted.append(asyncio.ensure_future(soon(store.ledger.accept(given[-1], START_MS))))
        await until(lambda: not store.healthy)
        assert not accepted[-1].done()
        await asyncio.to_thread(server.start)
        await until(lambda: store.healthy, 5)
        assert await asyncio.gather(*accepted) == [True] * len(given)
        assert await kept(store) == sorted(each.execution for each in given)


async def test_a_store_that_begins_while_its_server_is_away_says_so(
    server: PostgresServer, url: str, opening: Opening
) -> None:
    await asyncio.to_thread(server.stop)
    try:
        with pytest.raises(StoreClosed, match="Connect call failed"):
            async with opening(url):
                pass
    finally:
        await asyncio.to_thread(server.start)


async def test_a_server_that_stands_still_is_waited_for(
    server: PostgresServer, url: str, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COMMAND_SECONDS", 0.3)
    monkeypatch.setattr(link, "CONNECT_SECONDS", 0.3)
    async with opening(url) as store:
        store._engine.read_seconds = 0.3  # type: ignore[attr-defined]
        await store.ledger.accept(first := event(), START_MS)
        server.pause()
        accepted = asyncio.ensure_future(soon(store.ledger.accept(second := event(), START_MS)))
        with pytest.raises((StoreSlow, StoreClosed)):
            await store.messages()
        await until(lambda: not store.healthy)
        assert not accepted.done()
        server.resume()
        monkeypatch.setattr(module, "COMMAND_SECONDS", 5.0)
        monkeypatch.setattr(link, "CONNECT_SECONDS", 5.0)
        store._engine.read_seconds = 5.0  # type: ignore[attr-defined]
        assert await accepted
        assert await kept(store) == [first.execution, second.execution]


async def test_no_free_connection_is_an_outage_that_passes(server: PostgresServer, url: str, opening: Opening) -> None:
    name = url.rpartition("/")[2]
    server.run(f"CREATE ROLE plain LOGIN PASSWORD 'x'; ALTER DATABASE {name} OWNER TO plain")
    plain = server.url(name, user="plain", password="x")
    async with opening(plain) as store:
        await store.ledger.accept(event(), START_MS)
        taken = []
        while int(server.run(FREE)) > 0:
            taken.append(await asyncpg.connect(plain))
        await asyncio.to_thread(end, server, url, "writer")
        taken.append(await asyncpg.connect(plain))
        accepted = asyncio.ensure_future(soon(store.ledger.accept(event(), START_MS)))
        await until(lambda: not store.healthy)
        for each in taken:
            await each.close()
        assert await accepted


def end(server: PostgresServer, url: str, name: str) -> None:
    """End the store's connections of this name as an administrator does."""
    whose = f"datname = '{url.rpartition('/')[2]}' AND application_name = 'kagami {name}'"
    server.run(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {whose}")  # noqa: S608


async def test_connections_that_an_administrator_ends_are_made_anew(
    server: PostgresServer, url: str, opening: Opening
) -> None:
    async with opening(url) as store:
        await store.ledger.accept(event(), START_MS)
        for name in ("writer", "reader"):
            await asyncio.to_thread(end, server, url, name)
        accepted, read = await asyncio.gather(soon(store.ledger.accept(event(), START_MS)), store.messages())
        assert (accepted, len(read)) == (True, 1)
        assert len(await store.messages()) == 2


async def test_a_server_that_only_reads_is_an_outage_that_passes(
    server: PostgresServer, url: str, opening: Opening
) -> None:
    name = url.rpartition("/")[2]
    async with opening(url) as store:
        await store.ledger.accept(event(), START_MS)
        await asyncio.to_thread(server.run, f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await asyncio.to_thread(end, server, url, "writer")
        accepted = asyncio.ensure_future(soon(store.ledger.accept(event(), START_MS)))
        await until(lambda: not store.healthy)
        assert "read-only" in store.ledger.trouble
        assert len(await store.messages()) == 1
        await asyncio.to_thread(server.run, f'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        assert await accepted


class TestLostAnswers:
    """The server has done what it was asked for, and the connection breaks before it says so."""

    @pytest.fixture
    async def wire(self, url: str) -> AsyncIterator[Wire]:
        async with wire_to(url) as opened:
            yield opened

    async def test_an_event_is_there_once_and_was_new(self, wire: Wire, opening: Opening) -> None:
        async with opening(wire.url) as store:
            await store.ledger.accept(event(dedupe="old"), START_MS)
            wire.deaf = True
            given = [event(dedupe=key) for key in ("a", "old", "b")]
            futures = [asyncio.ensure_future(soon(store.ledger.accept(each, START_MS))) for each in given]
            await wire.lost.wait()
            wire.cut()
            assert await asyncio.gather(*futures) == [True, False, True]
            assert len(await store.messages()) == 3
            assert len(await kept(store)) == 3

    async def test_a_finished_event_stays_finished(self, wire: Wire, opening: Opening) -> None:
        async with opening(wire.url) as store:
            await store.ledger.accept(given := event(), START_MS)
            wire.deaf = True
            put = StorePut("p", "k", "1")
            finished = asyncio.ensure_future(soon(store.ledger.finish(trace(given), attempts=1, effects=[put])))
            await wire.lost.wait()
            wire.cut()
            await finished
            assert (await kept(store), await store.get("p", "k")) == ([], "1")

    async def test_messages_are_counted_once(self, wire: Wire, opening: Opening) -> None:
        async with opening(wire.url) as store:
            wire.lost.clear()
            await store.ledger.accept(event(), START_MS)
            await store.digest()
            await store.ledger.accept(event("second"), START_MS)
            wire.deaf = True
            digesting = asyncio.ensure_future(store.digest())
            await wire.lost.wait()
            wire.cut()
            await asyncio.gather(digesting, return_exceptions=True)
            await store.digest()
            ((row,),) = [await store.chats()]
            assert row.messages == 2
            assert [row.text for row in await store.search("second")] == ["second"]

    async def test_a_clean_up_lessens_once(self, wire: Wire, opening: Opening, clock: FakeClock) -> None:
        async with opening(wire.url) as store:
            for days in (20, 20, 1):
                at = clock.wall_ms() - days * 86_400_000
                await store.ledger.accept(given := event(time_ms=at), at)
                await store.ledger.finish(trace(given), attempts=1)
            await store.ledger.flush()
            await store.digest()
            wire.lost.clear()
            wire.deaf = True
            cleaning = asyncio.ensure_future(store.clean(clock.wall_ms() - 7 * 86_400_000))
            await wire.lost.wait()
            wire.cut()
            await asyncio.gather(cleaning, return_exceptions=True)
            await store.clean(clock.wall_ms() - 7 * 86_400_000)
            assert [row.messages for row in await store.chats()] == [1]


async def test_what_was_under_way_on_a_lost_connection_does_not_come_later(
    url: str, opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server still works on it when the client has given it up: it is ended before anything is written again."""
    async with wire_to(url) as wire, opening(wire.url) as store:
        await store.put_many([StorePut("p", "k", "0")])
        blocker = await asyncpg.connect(url)
        async with blocker.transaction():
            await blocker.execute("SELECT 1 FROM plugin_values FOR UPDATE")
            first = asyncio.ensure_future(store.put_many([StorePut("p", "k", "1")]))
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            async with asyncio.timeout(5):
                while not await blocker.fetchval(waiting):
                    await asyncio.sleep(0.01)
            wire.dead = True
            monkeypatch.setattr(module, "COMMAND_SECONDS", 5.0)
            store._engine._writer.drop()  # type: ignore[attr-defined]
            wire.dead = False
            async with asyncio.timeout(5):
                while await blocker.fetchval(waiting) != 1:
                    await asyncio.sleep(0.01)
            second = asyncio.ensure_future(store.put_many([StorePut("p", "k", "2")]))
        await asyncio.gather(first, second)
        assert await store.get("p", "k") == "2"
        await blocker.close()


class TestKeptOnDisk:
    """Events that come once, while the server cannot write."""

    @pytest.fixture
    def aside(self, tmp_path: Path) -> Path:
        return tmp_path / "spool" / "events"

    @pytest.fixture
    def keeping(self, clock: FakeClock, aside: Path, monkeypatch: pytest.MonkeyPatch) -> Opening:
        monkeypatch.setattr(link, "RESPITE_SECONDS", 0.02)

        @asynccontextmanager
        async def opened(url: str) -> AsyncIterator[SqlStore]:
            async with open_store(url, clock=clock, meters=Meters(), aside=aside) as store, Nursery() as nursery:
                store.ledger._retry_s = 0.05

                def give(event: Event, accepted_ms: int, *, left: bool) -> None:
                    del left
                    store.ledger.accept(event, accepted_ms)

                nursery.start("kept events", store.bring_back(give))
                yield store

        return opened

    @pytest.mark.parametrize("code", ["53100", "53300", "40001", "25006", "57P01", "58030"])
    async def test_an_error_that_passes_loses_and_inverts_nothing(
        self, server: PostgresServer, url: str, keeping: Opening, code: str
    ) -> None:
        name = url.rpartition("/")[2]
        async with keeping(url) as store:
            say(store, "0")
            await store.ledger.flush()
            body = f"BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = '{code}'; END"
            await asyncio.to_thread(
                server.run,
                f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$;"
                "CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
                name,
            )
            say(store, "1")
            await until(lambda: store.ledger.aside)
            say(store, "2", "3")
            await until(lambda: not store.healthy)
            await asyncio.to_thread(server.run, "DROP TRIGGER refuse ON events", name)
            await until(lambda: store.ledger.aside is None, 5)
            say(store, "4")
            await store.ledger.flush()
            assert [row.text for row in await store.messages()] == ["0", "1", "2", "3", "4"]

    async def test_many_come_back_fast(self, server: PostgresServer, url: str, keeping: Opening) -> None:
        async with keeping(url) as store:
            await asyncio.to_thread(server.stop, "immediate")
            say(store, "0")
            await until(lambda: store.ledger.aside)
            say(store, *map(str, range(1, 3_000)))
            await asyncio.to_thread(server.start)
            await until(lambda: store.healthy)
            began = asyncio.get_running_loop().time()
            await until(lambda: store.ledger.aside is None)
            assert asyncio.get_running_loop().time() - began < 3
            rows = await store.messages(limit=3_001)
            assert [int(row.text) for row in rows] == list(range(3_000))

    async def test_a_slow_server_takes_enough(self, server: PostgresServer, url: str, keeping: Opening) -> None:
        async with (
            FaultProxy("127.0.0.1", server.port) as proxy,
            keeping(url.replace(f":{server.port}/", f":{proxy.port}/")) as store,
        ):
            proxy.delay = 0.1  # each way
            began = asyncio.get_running_loop().time()
            accepted = []
            for _ in range(10):
                accepted += [asyncio.ensure_future(soon(store.ledger.accept(event(), START_MS))) for _ in range(60)]
                await asyncio.sleep(0)
            assert all(await asyncio.gather(*accepted))
            assert 600 / (asyncio.get_running_loop().time() - began) > 200
            assert store.ledger.aside is None
            proxy.delay = 0.0


def say(store: SqlStore, *texts: str) -> None:
    """As the inbox gives events that come once."""
    for text in texts:
        if (aside := store.ledger.aside) is not None:
            aside.accept(event(text), START_MS)
        else:
            store.ledger.accept(event(text), START_MS, once=True)
