from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from kagami.errors import RowRefused, StoreClosed, StoreSlow
from kagami.meters import Meters
from kagami.storage.queries import bundles, queries
from kagami.storage.sqlite import SqliteEngine, bundle_parameters, bundle_script, open_sqlite
from kagami.storage.store import open_store
from kagami.testing.clock import FakeClock
from tests.storage.make import START_MS, event

# Accepts events for ever, and says which of them are on disk.
CHILD = """
import asyncio, sys
from kagami.clock import SystemClock
from kagami.meters import Meters
from kagami.storage.store import open_store
from tests.storage.make import START_MS, event

async def main(path):
    async with open_store(path, clock=SystemClock(), meters=Meters()) as store:
        async def worker():
            while True:
                given = event()
                await store.ledger.accept(given, START_MS)
                sys.stdout.write(given.execution + "\\n")
                sys.stdout.flush()
        async with asyncio.TaskGroup() as group:
            for _ in range(8):
                group.create_task(worker())

asyncio.run(main(sys.argv[1]))
"""


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[SqliteEngine]:
    async with open_sqlite(str(tmp_path / "k.db")) as opened:
        yield opened


def put(*values: tuple[str, str, str | None]) -> dict[str, list[tuple[str, str, str | None]]]:
    return {"written": list(values)}


async def test_a_bundle_counts_what_changed(engine: SqliteEngine) -> None:
    assert await engine.write("batch", put(("p", "a", "1"), ("p", "b", None))) == 3


async def test_a_bundle_is_all_or_nothing(engine: SqliteEngine) -> None:
    traces = [("e", "b", "c", "u", 1, 1, None, "", "", "", "[]")]
    with pytest.raises(RowRefused, match="NOT NULL"):
        await engine.write("batch", {"traces": traces, **put(("p", "a", "1"))})
    assert await engine.fetch("plugin_keys", {"plugin": "p", "prefix": ""}) == []


async def test_a_parameter_that_is_not_given_is_null(engine: SqliteEngine) -> None:
    assert await engine.write("batch", {}) == 0


@pytest.mark.parametrize("durable", [True, False])
async def test_durable_batches_wait_for_the_disk(engine: SqliteEngine, durable: bool) -> None:
    await engine.write("batch", put(("p", "a", "1")), durable=durable)
    mode = await engine._writer.submit(lambda connection: connection.execute("PRAGMA synchronous").fetchone())
    assert mode == ((2,) if durable else (1,))


async def test_a_read_sees_what_was_written_before(engine: SqliteEngine) -> None:
    await engine.write("batch", put(("p", "a", "镜")))
    assert await engine.fetch("plugin_value", {"plugin": "p", "key": "a"}) == [["镜"]]


async def test_asking_sees_what_was_only_given(engine: SqliteEngine) -> None:
    written = engine.write("batch", put(("p", "a", "1")))
    assert await engine.ask("plugin_value", {"plugin": "p", "key": "a"}) == [["1"]]
    assert written.done()


async def test_readers_cannot_write(engine: SqliteEngine) -> None:
    with pytest.raises(StoreClosed, match="readonly"):
        await engine._readers[0].submit(lambda connection: connection.execute("DELETE FROM marks"))


SLOW = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS amount FROM n"


async def test_reading_is_limited_in_time(engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queries(), "slow", SLOW)
    engine.read_seconds = 0.05
    with pytest.raises(StoreSlow):
        await engine.fetch("slow")
    engine.read_seconds = 5
    assert await engine.fetch("digested") == [[0]]


async def test_waiting_for_a_turn_counts_as_time(engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queries(), "slow", SLOW)
    engine.read_seconds = 0.05
    answers = await asyncio.gather(*(engine.fetch("slow") for _ in range(6)), return_exceptions=True)
    assert {type(answer) for answer in answers} == {StoreSlow}


async def test_writing_goes_on_beside_a_slow_reader(engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(queries(), "slow", SLOW)
    engine.read_seconds = 1
    slow = asyncio.ensure_future(engine.fetch("slow"))
    await asyncio.sleep(0)
    assert await engine.write("batch", put(("p", "a", "1"))) == 1
    assert not slow.done()
    with pytest.raises(StoreSlow):
        await slow


async def test_the_log_is_copied_back_beside_the_writing(engine: SqliteEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.sqlite.KEEPER_BYTES", 0)
    await engine.write("batch", put(("p", "a", "x" * 100_000)))
    before = Path(engine.path).stat().st_size  # noqa: ASYNC240
    await engine.tidy()
    assert Path(engine.path).stat().st_size > before  # noqa: ASYNC240


async def test_free_pages_are_given_back(engine: SqliteEngine) -> None:
    await engine.write("batch", put(("p", "a", "x" * 1_000_000)))
    await engine.write("batch", put(("p", "a", None)))
    used, size = await engine.used(), await engine.size()
    while await engine.compact(64):
        pass
    assert await engine.used() == used
    assert await engine.size() < size - 1_000_000


async def test_it_waits_for_another_process_that_writes(engine: SqliteEngine) -> None:
    with closing(sqlite3.connect(engine.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        written = engine.write("batch", put(("p", "a", "1")))
        await asyncio.sleep(0.05)
        assert not written.done()
        other.execute("COMMIT")
    assert await written == 1


async def test_a_full_disk_refuses_and_forgets_nothing(tmp_path: Path, clock: FakeClock) -> None:
    async with open_store(str(tmp_path / "k.db"), clock=clock, meters=Meters()) as store:
        await store.ledger.accept(event(), START_MS)
        store.ledger._retry_s = 0.01
        writer = store._engine._writer  # type: ignore[attr-defined]
        await writer.submit(lambda connection: connection.execute("PRAGMA max_page_count = 1").fetchall())
        accepted = [asyncio.ensure_future(_soon(store.ledger.accept(event(native="x" * 9_000), 0))) for _ in range(20)]
        async with asyncio.timeout(5):
            while store.ledger.healthy:
                await asyncio.sleep(0.01)
        assert "full" in store.ledger.trouble
        assert len(await store.messages()) == 1  # reading goes on
        await writer.submit(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchall())
        async with asyncio.timeout(5):
            assert await asyncio.gather(*accepted) == [True] * 20
        assert (store.healthy, len(await store.messages())) == (True, 21)


async def _soon(accepted: object) -> bool:
    answer: bool = await accepted  # type: ignore[misc]
    return answer


@pytest.mark.service
@pytest.mark.parametrize("lines", [1, 40, 400])
async def test_every_acknowledged_event_survives_a_kill(tmp_path: Path, clock: FakeClock, lines: int) -> None:
    path = tmp_path / "k.db"
    acknowledged = await asyncio.to_thread(_killed_after, path, lines)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    async with open_store(str(path), clock=clock, meters=Meters()) as store:
        found = {each.event.execution for each in await store.recover(START_MS)}
    assert acknowledged <= found


def _killed_after(path: Path, lines: int) -> set[str]:
    """Run a child until it has acknowledged so many events, kill it, and say which ones it acknowledged."""
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, env=environment
    ) as child:
        assert child.stdout is not None
        seen = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        rest = child.stdout.read().splitlines(keepends=True)
    return {line.strip() for line in seen + rest if line.endswith("\n")}


def test_a_bundle_is_one_view_and_one_trigger() -> None:
    script = bundle_script("revive")
    assert script.startswith("CREATE TEMP VIEW run_revive AS SELECT NULL AS execution;\n")
    assert "WHERE execution = NEW.execution AND state = 'dead';" in script


@pytest.mark.parametrize("bundle", sorted(bundles()))
def test_parameters_of_a_bundle_are_named_once(bundle: str) -> None:
    names = bundle_parameters(bundle)
    assert len(set(names)) == len(names) > 0
