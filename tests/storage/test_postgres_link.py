from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from kagami.errors import Fenced, RowRefused, StoreClosed, StoreSlow
from kagami.storage.postgres_link import SOCKET, Again, Link, translated


async def nothing(_connection: asyncpg.Connection[Any]) -> None:
    return


async def who(connection: asyncpg.Connection[Any]) -> int:
    return int(await connection.fetchval("SELECT pg_backend_pid()"))


@pytest.fixture
async def link(postgres_url: str) -> AsyncIterator[Link]:
    made = Link(postgres_url, "test", {}, nothing)
    yield made
    await made.close()


async def test_it_connects_when_it_is_used_and_stays(link: Link) -> None:
    assert await link.run(who, 5) == await link.run(who, 5)


async def test_calls_take_turns_in_their_order(link: Link) -> None:
    done: list[int] = []

    def work(number: int) -> Any:
        async def run(connection: asyncpg.Connection[Any]) -> None:
            await connection.fetchval("SELECT 1")
            done.append(number)

        return run

    await asyncio.gather(*(link.run(work(number), 5) for number in range(10)))
    assert done == list(range(10))


async def test_a_connection_that_broke_is_made_anew(link: Link) -> None:
    before = await link.run(who, 5)
    link.drop()
    assert await link.run(who, 5) != before


async def test_after_a_time_out_the_connection_is_not_used_again(link: Link) -> None:
    before = await link.run(who, 5)
    with pytest.raises(TimeoutError):
        await link.run(lambda connection: connection.execute("SELECT pg_sleep(60)"), 0.05)
    assert await link.run(who, 5) != before


async def test_many_that_wait_for_a_server_that_is_away_try_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tries = []

    async def connect(*_: object, **__: object) -> None:
        tries.append(1)
        raise OSError(111, "refused")

    monkeypatch.setattr(asyncpg, "connect", connect)
    link = Link("postgresql://h/d", "test", {}, nothing)
    failed = await asyncio.gather(*(link.run(who, 5) for _ in range(20)), return_exceptions=True)
    assert ({type(each) for each in failed}, len(tries)) == ({StoreClosed}, 1)


async def test_an_address_that_is_none_is_refused_without_its_password() -> None:
    link = Link("postgresql://u:secret@h:x/d", "test", {}, nothing)
    with pytest.raises(StoreClosed) as caught:
        await link.run(who, 5)
    assert "secret" not in str(caught.value)


async def test_a_closed_one_says_so(link: Link) -> None:
    await link.run(who, 5)
    await link.close()
    with pytest.raises(StoreClosed, match="closed"):
        await link.run(who, 5)


async def test_a_peer_that_is_gone_is_noticed_by_the_system(link: Link) -> None:
    async def options(connection: asyncpg.Connection[Any]) -> list[int]:
        found = connection._transport.get_extra_info("socket")
        names = ["TCP_KEEPIDLE", "TCP_USER_TIMEOUT"]
        return [found.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in names]

    assert await link.run(options, 5) == [SOCKET["TCP_KEEPIDLE"], SOCKET["TCP_USER_TIMEOUT"]]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("22003", RowRefused),
        ("23505", RowRefused),
        ("54000", RowRefused),
        ("40001", Again),
        ("40P01", Again),
        ("57014", StoreSlow),
        ("57P01", StoreClosed),
        ("53300", StoreClosed),
        ("25006", StoreClosed),
        ("42P01", StoreClosed),
    ],
)
async def test_errors_of_the_server_are_ours(link: Link, code: str, kind: type[Exception]) -> None:
    async def fail(connection: asyncpg.Connection[Any]) -> None:
        await connection.execute(f"DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '{code}'; END $$")

    with pytest.raises(kind):
        await link.run(fail, 5)


async def test_a_lease_that_was_lost_is_named(link: Link) -> None:
    async def fail(connection: asyncpg.Connection[Any]) -> None:
        await connection.execute(
            """DO $$ BEGIN RAISE EXCEPTION '[["a", 1], ["b", 2]]' USING ERRCODE = 'KG001'; END $$"""
        )

    with pytest.raises(Fenced, match="a@1 b@2"):
        await link.run(fail, 5)


@pytest.mark.parametrize("error", [ConnectionResetError(), asyncpg.InterfaceError("x"), TimeoutError()])
def test_a_network_that_breaks_is_an_outage(error: Exception) -> None:
    with pytest.raises(StoreClosed), translated():
        raise error
