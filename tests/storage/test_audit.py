from __future__ import annotations

import asyncio
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from kagami.core.chain import Verdict
from kagami.model.principal import CONSOLE, Principal
from kagami.ports import StorePut
from kagami.storage.anchors import MISSING
from kagami.storage.audit import Seals
from kagami.storage.links import follow
from kagami.testing.clock import FakeClock
from tests.storage.audited import ADMIN, KEY, fill, hashes, make_old, opened, tamper
from tests.storage.make import START_MS

DAY_MS = 86_400_000


async def test_a_row_keeps_who_asked_from_where(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await fill(store, 1)
        (row,) = await store.audits()
    assert (row.seq, row.kind, row.name, row.address) == (1, "person", "admin", "192.0.2.7")


async def test_what_is_written_with_a_row_is_there_with_it(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await store.put_many([StorePut("@rules", "old", "1")])
        writes = [StorePut("@rules", "new", '{"a":"好"}'), StorePut("@rules", "old", None)]
        await store.audit(START_MS, ADMIN, "routes.add", "{}", "ok", writes)
        assert await store.items("@rules") == {"new": '{"a":"好"}'}


async def test_a_row_that_is_refused_takes_its_writes_with_it(file: Path, seals: Seals) -> None:
    async with opened(file, seals) as store:
        with closing(sqlite3.connect(file)) as other:
            other.execute(
                "CREATE TRIGGER no BEFORE INSERT ON audit WHEN NEW.target = 'no' BEGIN SELECT RAISE(ABORT, 'no'); END"
            )
        with pytest.raises(Exception, match="no"):
            await store.audit(START_MS, ADMIN, "routes.add", "no", "ok", [StorePut("@rules", "new", "1")])
        assert await store.items("@rules") == {}
        await fill(store, 2)
        assert (await store.verify_audit()).rows == 2


async def test_texts_that_no_database_stores_do_not_break_the_chain(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await store.audit(1 << 70, Principal("chat", "qq:\ud800\x00"), "chat #\x00", "\udfff", "denied")
        await fill(store, 1)
        assert (await store.verify_audit()).rows == 2


async def test_rows_at_once_are_one_chain(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await asyncio.gather(*(fill(store, 10) for _ in range(4)))
        assert await store.verify_audit() == Verdict(ok=True, rows=40, first=1, last=40)


async def test_the_newest_rows_come_first_and_are_filtered(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await fill(store, 3)
        await store.audit(START_MS + 9, CONSOLE, "plugins.reload", '{"plugin":"Weather"}', "refused: LoadError")
        assert [row.seq for row in await store.audits(limit=2)] == [4, 3]
        assert [row.seq for row in await store.audits(before=3)] == [2, 1]
        assert [row.seq for row in await store.audits(operation="plugins.")] == [4]
        assert [row.seq for row in await store.audits(who="person:admin", limit=1)] == [3]
        assert [row.seq for row in await store.audits(who="console")] == [4]
        assert [row.seq for row in await store.audits(result="refused")] == [4]
        assert [row.seq for row in await store.audits(text="WEATHER")] == [4]
        assert [row.seq for row in await store.audits(since_ms=START_MS + 2)] == [4, 3]
        assert [row.seq for row in await store.audits_after(1, 2)] == [2, 3]


async def test_a_row_can_be_neither_changed_nor_deleted(file: Path, seals: Seals) -> None:
    async with opened(file, seals) as store:
        await fill(store, 2)
    with closing(sqlite3.connect(file)) as database:
        for statement in ("UPDATE audit SET result = 'no'", "DELETE FROM audit WHERE seq = 1"):
            with pytest.raises(sqlite3.IntegrityError, match="the audit cannot be"):
                database.execute(statement)


# --- anchors ----------------------------------------------------------------------------------------------------------


async def test_a_clean_stop_signs_the_newest_row(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await fill(store, 3)
    assert list(hashes(seals)) == [3]
    async with opened(lasting, seals) as store:
        assert (await store.verify_audit()).anchors == 1
    assert list(hashes(seals)) == [3]


async def test_news_are_signed_after_ten_minutes(lasting: str, seals: Seals) -> None:
    clock = FakeClock()
    async with opened(lasting, seals, clock) as store, asyncio.timeout(5):
        await fill(store, 2)
        while not hashes(seals):
            await clock.advance(600)
        assert list(hashes(seals)) == [2]


async def test_many_rows_are_signed_at_once(lasting: str, seals: Seals, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kagami.storage.audit.ANCHOR_ROWS", 5)
    async with opened(lasting, seals) as store:
        await fill(store, 12)
        assert list(hashes(seals)) == [5, 10]


async def test_anchors_that_are_missing_are_noted_in_the_chain(file: Path, seals: Seals) -> None:
    async with opened(file, seals) as store:
        await fill(store, 2)
    assert seals.anchors is not None
    seals.anchors.path.unlink()
    with closing(sqlite3.connect(file)) as database:
        assert follow(database, KEY, {}).ok
    async with opened(file, seals) as store:
        (row,) = await store.audits(operation="audit.anchors")
    assert (row.seq, row.result) == (3, "missing")


async def test_verification_tells_that_anchors_are_missing(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await fill(store, 2)
        assert seals.anchors is not None
        seals.anchors.path.unlink()
        found = await store.verify_audit()
    assert (found.ok, found.anchor, found.why) == (False, 1, MISSING)


async def test_an_anchor_that_was_changed_is_named(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await fill(store, 2)
    async with opened(lasting, seals) as store:
        assert seals.anchors is not None
        path = seals.anchors.path
        path.write_bytes(path.read_bytes().replace(b'"seq":2', b'"seq":3'))
        found = await store.verify_audit()
    assert (found.ok, found.anchor) == (False, 1)


async def test_a_row_that_cannot_be_read_is_named(file: Path, seals: Seals) -> None:
    async with opened(file, seals) as store:
        await fill(store, 9)
        tamper(file, "UPDATE audit SET target = x'ff' WHERE seq = 4")
        found = await store.verify_audit()
    assert (found.ok, found.row, found.rows) == (False, 4, 3)


# --- retention --------------------------------------------------------------------------------------------------------


async def test_old_rows_go_up_to_an_anchor_with_a_row_that_says_so(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await fill(store, 5)
    async with opened(lasting, seals) as store:
        await fill(store, 3)
        await store.retain(START_MS + 401 * DAY_MS)
        assert [row.seq for row in await store.audits()] == [9, 8, 7, 6]
        (row,) = await store.audits(operation="audit.cut")
        assert (row.name, row.target) == ("system", '{"seq":5}')
        assert await store.verify_audit() == Verdict(ok=True, rows=4, first=6, last=9)
        await store.retain(START_MS + 401 * DAY_MS)
        assert (await store.audits())[0].seq == 9


async def test_nothing_goes_before_its_time(lasting: str, seals: Seals) -> None:
    async with opened(lasting, seals) as store:
        await fill(store, 5)
    async with opened(lasting, seals) as store:
        await store.retain(START_MS + 399 * DAY_MS)
        assert (await store.verify_audit()).rows == 5


# --- older schemas ----------------------------------------------------------------------------------------------------


async def test_rows_of_the_first_schema_are_taken_into_the_chain(file: Path, seals: Seals) -> None:
    make_old(file)
    async with opened(file, seals) as store:
        await fill(store, 1)
        assert [row.target for row in await store.audits_after(0)][:3] == ["0", "1", "2"]
        assert await store.verify_audit() == Verdict(ok=True, rows=4, first=1, last=4)
    with closing(sqlite3.connect(file)) as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("UPDATE audit SET result = 'no'")


async def test_an_older_schema_is_not_believed_where_a_chain_had_begun(file: Path, seals: Seals) -> None:
    async with opened(file, seals) as store:
        await fill(store, 3)
    shutil.move(file, file.with_name("newer"))
    make_old(file)
    async with opened(file, seals) as store:
        assert (await store.verify_audit()).row == 1


# --- a crash ----------------------------------------------------------------------------------------------------------

WRITER = """
import asyncio, sys
from kagami.clock import SystemClock
from kagami.meters import Meters
from kagami.model.principal import CONSOLE
from kagami.ports import StorePut
from kagami.storage.anchors import Anchors
from kagami.storage.audit import Seals
from kagami.storage.store import open_store

async def main():
    seals = Seals(b"a key of the audit", Anchors(__import__("pathlib").Path(sys.argv[2]), "a secret"))
    async with open_store(sys.argv[1], clock=SystemClock(), meters=Meters(), seals=seals) as store:
        number = 0
        while True:
            number += 1
            writes = [StorePut("@rules", "last", str(number))]
            await store.audit(number, CONSOLE, "routes.add", str(number), "ok", writes)
            print(number, flush=True)

asyncio.run(main())
"""


@pytest.mark.service
async def test_a_killed_writer_breaks_nothing(file: Path, seals: Seals) -> None:
    assert seals.anchors is not None
    told = 0
    for rows in (3, 7):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", WRITER, str(file), str(seals.anchors.path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        async with asyncio.timeout(20):
            for _ in range(rows):
                told += bool(await process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            told += len((await process.stdout.read()).splitlines())
            await process.wait()
    async with opened(file, seals) as store:
        found = await store.verify_audit()
        assert (found.ok, found.rows >= told) == (True, True)
        (newest,) = await store.audits(limit=1)
        assert await store.get("@rules", "last") == newest.target
