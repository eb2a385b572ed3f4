from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest

from kagami.ports import Finding
from kagami.sources import database_names
from kagami.storage import postgres_trial
from kagami.storage.postgres import open_postgres
from kagami.storage.postgres_trial import look_at
from kagami.testing.postgres import PostgresServer


async def found(url: str, read_url: str = "") -> list[Finding]:
    return [each for each in await look_at(url, read_url, str) if "fsync" not in each.text]


def name_of(url: str) -> str:
    return url.rpartition("/")[2]


async def test_one_that_can_be_used_tells_its_schema(postgres_url: str) -> None:
    async with open_postgres(postgres_url):
        pass
    (only,) = await found(postgres_url)
    assert (only.state, only.text.startswith("PostgreSQL 16")) == ("ok", True)
    assert ":" not in only.subject.partition("@")[0]


async def test_a_wrong_password_is_named(postgres: PostgresServer) -> None:
    (only,) = await found(postgres.url(password="wrong"))
    assert (only.state, only.text) == ("bad", "it refuses the password of this account")
    assert only.fix == "Correct the account and its password: store.url."
    assert "wrong" not in str(only)


async def test_a_database_that_is_not_there_is_named(postgres: PostgresServer) -> None:
    (only,) = await found(postgres.url("nowhere"))
    assert (only.text, only.fix) == ("there is no such database", "Create it: CREATE DATABASE nowhere OWNER kagami.")


async def test_a_wrong_port_is_named(unused_tcp_port: int) -> None:
    (only,) = await found(f"postgresql://a:b@127.0.0.1:{unused_tcp_port}/d")
    assert (only.state, only.text) == ("bad", "it cannot be reached: the connection was refused")
    assert only.fix == "Start it, or correct host and port: store.url."


async def test_what_was_set_is_named(unused_tcp_port: int) -> None:
    names = [database_names("store.url", "environment DB_HOST")] * 2
    (only,) = await look_at(f"postgresql://a:b@127.0.0.1:{unused_tcp_port}/d", "", str, names)
    assert only.fix == "Start it, or correct host and port: DB_HOST, DB_PORT."


async def test_a_wrong_host_is_named() -> None:
    (only,) = await found("postgresql://a:b@no-such-host.invalid/d")
    assert only.text == "there is no such host"


async def test_missing_rights_are_named(postgres: PostgresServer, postgres_url: str) -> None:
    name = name_of(postgres_url)
    postgres.run(f"CREATE ROLE weak_{name} LOGIN PASSWORD 'x'; REVOKE TEMP ON DATABASE {name} FROM PUBLIC")
    weak = postgres.url(name, user=f"weak_{name}", password="x")
    rights, temporary, _ = await found(weak)
    assert (rights.state, rights.text) == ("bad", "the account may not create tables in the schema public")
    assert (temporary.state, "temporary" in temporary.text) == ("bad", True)
    assert [each.state for each in await found(postgres_url, weak)] == ["ok", "ok"]  # enough to read with


async def test_one_that_only_reads_is_named(postgres: PostgresServer, postgres_url: str) -> None:
    postgres.run(f"ALTER DATABASE {name_of(postgres_url)} SET default_transaction_read_only = on")
    assert [each.text for each in await found(postgres_url)][:1] == ["it only lets read: a standby, or set so"]


async def test_a_newer_schema_is_named(postgres: PostgresServer, postgres_url: str) -> None:
    postgres.run("CREATE TABLE schema_version AS SELECT 99 AS version", name_of(postgres_url))
    assert (await found(postgres_url))[-1].fix == "Upgrade Kagami."


async def test_few_connections_are_named(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_trial, "CONNECTIONS", 1_000)
    assert "connections are free" in (await found(postgres_url))[0].text


async def test_a_clock_that_is_off_is_named(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_trial, "time", SimpleNamespace(time=lambda: 1_000_000.0))
    assert "seconds off ours" in (await found(postgres_url))[0].text


async def test_an_old_version_is_named(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_trial, "OLDEST", 99)
    (only,) = await found(postgres_url)
    assert (only.state, only.fix) == ("bad", "PostgreSQL 99 or newer is needed.")


async def test_one_that_does_not_answer_is_named(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect(*_: Any, **__: Any) -> asyncpg.Connection[Any]:
        raise TimeoutError

    monkeypatch.setattr(asyncpg, "connect", connect)
    assert [each.text for each in await found(postgres_url)] == ["it does not answer"]
