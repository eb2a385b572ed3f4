from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import asyncpg
import pytest

from kagami.errors import BackupFailed, BackupRefused
from kagami.storage.dumps import check_dump, dump, find_program, restoring, without_password
from kagami.storage.postgres_whole import DatabaseSchema
from kagami.testing.postgres import PostgresServer, binaries
from tests.storage.older import SCHEMAS, make


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the server's own version."""
    monkeypatch.setenv("KAGAMI_PG_BIN", str(binaries()))


@pytest.fixture
async def dumped(postgres_url: str, tmp_path: Path) -> Path:
    await DatabaseSchema(postgres_url, tmp_path).put(make(tmp_path / "a.db", SCHEMAS[-1]), "")
    target = tmp_path / "a.dump"
    assert await asyncio.to_thread(dump, postgres_url, target, 16)
    return target


async def test_a_dump_is_made_verified_and_put_back_by_the_command_that_is_told(
    dumped: Path, postgres: PostgresServer
) -> None:
    check_dump(dumped)
    other = postgres.create()
    line = restoring(dumped, other).split()
    assert postgres.password not in " ".join(line)
    environ = {"PGPASSWORD": postgres.password}
    done = await asyncio.create_subprocess_exec(str(binaries() / line[0]), *line[1:], env=environ)
    assert await done.wait() == 0
    server = await asyncpg.connect(other)
    assert await server.fetchval("SELECT count(*) FROM events") == 40
    await server.close()
    postgres.drop(other)


def test_only_its_owner_may_open_it(dumped: Path) -> None:
    assert stat.S_IMODE(dumped.stat().st_mode) == 0o600


def test_a_dump_that_was_cut_off_is_refused(dumped: Path) -> None:
    raw = dumped.read_bytes()
    dumped.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(BackupRefused):
        check_dump(dumped)


def test_any_other_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.dump").write_bytes(b"nonsense")
    with pytest.raises(BackupRefused, match=r"x\.dump"):
        check_dump(tmp_path / "x.dump")


def test_a_server_that_is_away_is_told(tmp_path: Path) -> None:
    with pytest.raises(BackupFailed):
        dump("postgresql://nobody@127.0.0.1:1/none", tmp_path / "x.dump", 16)


def test_an_older_program_does_not_fit() -> None:
    assert find_program("pg_dump", 16)
    assert find_program("pg_dump", 99) is None
    assert find_program("pg_nothing") is None


@pytest.mark.parametrize(
    ("address", "seen", "secret"),
    [
        ("postgresql://me:a%40b@db:5432/kagami", "postgresql://me@db:5432/kagami", "a@b"),
        ("postgresql://db/kagami?sslmode=require", "postgresql://db/kagami?sslmode=require", ""),
        ("postgresql://me@db/kagami?password=x&sslmode=require", "postgresql://me@db/kagami?sslmode=require", "x"),
    ],
)
def test_the_password_is_not_among_the_words(address: str, seen: str, secret: str) -> None:
    assert without_password(address) == (seen, secret)
