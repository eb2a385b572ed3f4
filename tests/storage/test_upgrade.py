from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import kagami.storage.migrate
import kagami.storage.upgrade
from kagami.errors import SchemaUnknown, UpgradeFailed
from kagami.storage.audit import Seals
from kagami.storage.queries import migrations
from kagami.storage.tables import figures
from kagami.storage.upgrade import Upgraded, schema_of, upgrade
from kagami.testing.clock import FakeClock
from tests.storage.audited import opened, tamper
from tests.storage.older import COUNTS, OLDER, SCHEMAS, content, make

NEWEST = SCHEMAS[-1]
NEXT = NEWEST + 1


Later = Callable[[str], None]


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Later:
    """`later(script)`: from now on there is one more schema."""

    def later(script: str) -> None:
        known = [*migrations(), (NEXT, script)]
        for module in (kagami.storage.migrate, kagami.storage.upgrade):
            monkeypatch.setattr(module, "migrations", lambda: known)

    return later


async def bring(file: Path, seals: Seals) -> Upgraded | None:
    return await upgrade(file, clock=FakeClock(), seals=seals)


def untouched(file: Path) -> list[str]:
    """Everything in the folder but SQLite's own."""
    return sorted(path.name for path in file.parent.iterdir() if not path.name.endswith(("-wal", "-shm")))


@pytest.mark.parametrize("schema", OLDER)
async def test_every_older_schema_becomes_the_newest_with_all_its_rows(file: Path, seals: Seals, schema: int) -> None:
    before = content(make(file, schema))
    assert await bring(file, seals) == Upgraded(schema, NEWEST, f"{file}.before-{schema + 1:04d}")
    with closing(sqlite3.connect(file)) as database:
        found = figures(database)
    assert (found.schema, found.counts | COUNTS, content(file)) == (NEWEST, found.counts, before)
    async with opened(file, seals) as store:
        assert (await store.verify_audit()).ok


@pytest.mark.parametrize("schema", OLDER)
async def test_what_was_there_is_kept_and_still_good(file: Path, seals: Seals, schema: int) -> None:
    before = content(make(file, schema))
    done = await bring(file, seals)
    assert done is not None
    assert (schema_of(Path(done.aside)), content(Path(done.aside))) == (schema, before)


async def test_nothing_is_done_to_the_newest(file: Path, seals: Seals) -> None:
    assert await bring(file, seals) is None
    make(file, NEWEST)
    assert await bring(file, seals) is None
    assert untouched(file) == ["kagami.db"]


async def test_a_newer_one_is_refused(file: Path, seals: Seals) -> None:
    make(file, NEWEST)
    with closing(sqlite3.connect(file)) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(SchemaUnknown, match="schema 99"):
        await bring(file, seals)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("ALTER TABLE sends ADD COLUMN x TEXT; INSERT INTO nowhere VALUES (1);", "nowhere"),
        ("DELETE FROM events WHERE id = 3;", "not those of before: events"),
        (
            "UPDATE marks SET value = 9 WHERE name = 'audit_cut'; DELETE FROM audit WHERE seq = 2;",
            "not those of before: audit",
        ),
        ("DROP TRIGGER audit_fixed; UPDATE audit SET target = 'x';", "the audit is not whole any more"),
        ("DROP TABLE plugin_values;", "plugin_values"),
    ],
)
async def test_a_migration_that_fails_or_harms_leaves_what_was(
    file: Path, seals: Seals, later: Later, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    before = content(make(file, NEWEST))
    later(script)
    with pytest.raises(UpgradeFailed, match=reason):
        await bring(file, seals)
    assert (schema_of(file), content(file), untouched(file)) == (NEWEST, before, ["kagami.db"])
    monkeypatch.undo()
    async with opened(file, seals) as store:  # the version of before still starts
        assert (await store.verify_audit()).ok


async def test_an_audit_that_was_broken_before_is_no_obstacle(file: Path, seals: Seals, later: Later) -> None:
    make(file, NEWEST)
    tamper(file, "UPDATE audit SET result = 'denied' WHERE seq = 2")
    later("CREATE TABLE later (a);")
    assert await bring(file, seals) is not None


async def test_what_a_killed_one_left_is_no_obstacle(file: Path, seals: Seals) -> None:
    make(file, OLDER[-1])
    file.with_name(f".{file.name}.upgrading").write_bytes(b"half")
    assert await bring(file, seals) is not None


# Forks once for each statement that the copy, the migration, the counting and the change of places give to SQLite, and
# kills the child when it gives that one.
KILLER = """
import asyncio, os, shutil, signal, sqlite3, sys
from pathlib import Path
from kagami.storage import store
from kagami.storage.audit import Seals
from kagami.storage.upgrade import schema_of, upgrade
from kagami.clock import SystemClock
from tests.storage.older import content, make

folder, schema = Path(sys.argv[1]), int(sys.argv[2])
whole = content(make(folder / "first.db", schema))
connect = sqlite3.connect

def run(file, fatal):
    given = [0]
    def count(_):
        given[0] += 1
        if given[0] == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
    def counted(*words, **named):
        connection = connect(*words, **named)
        if named.get("check_same_thread", True):  # the store that tests the draft makes views, hundreds of them
            connection.set_trace_callback(count)
        return connection
    sqlite3.connect = counted
    asyncio.run(upgrade(file, clock=SystemClock(), seals=Seals(b"a key of the audit")))

fatal = 0
while True:
    fatal += 1
    file = folder / f"{fatal}.db"
    shutil.copyfile(folder / "first.db", file)
    if not (child := os.fork()):
        run(file, fatal)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    found = schema_of(file)
    if content(file) != whole or connect(file).execute("PRAGMA integrity_check").fetchone() != ("ok",):
        sys.exit(f"killed at statement {fatal}: schema {found}, damaged")
    killed = os.WIFSIGNALED(status)
    print(fatal, found)
    if fatal % 8 == 1 or not killed:
        asyncio.run(upgrade(file, clock=SystemClock(), seals=Seals(b"a key of the audit")))
        if schema_of(file) == schema:
            sys.exit(f"killed at statement {fatal}: cannot be upgraded any more")
    for each in folder.glob(f"*{fatal}.db*"):
        each.unlink()
    if not killed:
        break
"""


@pytest.mark.service
def test_a_process_that_is_killed_at_any_statement_leaves_before_or_after(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", KILLER, str(tmp_path), str(OLDER[-1])],
        capture_output=True,
        text=True,
        cwd=root,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    rounds = [line.split() for line in done.stdout.splitlines()]
    assert len(rounds) > 20
    assert {int(schema) for _, schema in rounds} == {OLDER[-1], NEWEST}
