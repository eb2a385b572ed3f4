from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kagami.home import Home, hold
from kagami.storage.migrate import migrate
from kagami.storage.queries import migrations
from tests.cli.conftest import Doubles, Say

NEWEST = migrations()[-1][0]


@pytest.fixture
def archive(say: Say, home: Home) -> Path:
    """A backup of a home with a database."""
    say("migrate")
    name: str = json.loads(say("backup", "--json").out)["name"]
    return home.backups / name


def test_migrating_makes_the_newest_schema(say: Say, home: Home) -> None:
    with closing(sqlite3.connect(home.database, isolation_level=None)) as database:
        migrate(database, None, migrations()[:1])
    told = json.loads(say("migrate", "--json").out)
    assert (told["before"], told["now"], (home.backups / told["backup"]).is_file()) == (1, NEWEST, True)
    assert json.loads(say("migrate", "--json").out) == {"before": NEWEST, "now": NEWEST}
    assert say("audit", "verify").out.startswith("The audit is whole: 1 rows")


def test_a_whole_audit_is_zero(say: Say, archive: Path) -> None:
    assert say("audit", "verify") == (0, "The audit is whole: 3 rows, 2 signed anchors.\n", "")


def test_a_broken_audit_names_its_row_and_is_one(say: Say, archive: Path, home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("DROP TRIGGER audit_fixed")
        database.execute("UPDATE audit SET name = 'nobody' WHERE seq = 2")
        database.commit()
    said = say("audit", "verify")
    assert (said.code, "The audit is broken at row 2: it does not fit" in said.out) == (1, True)
    told = json.loads(say("audit", "verify", "--json").out)
    assert (told["ok"], told["row"]) == (False, 2)


def test_the_audit_is_verified_while_an_engine_runs(say: Say, archive: Path, engine: Doubles) -> None:
    assert say("audit", "verify").code == 0


def test_verifying_changes_nothing(say: Say, archive: Path, home: Home) -> None:
    before = home.database.read_bytes()
    say("audit", "verify")
    assert home.database.read_bytes() == before


def test_without_a_database_there_is_nothing_to_verify(say: Say, home: Home) -> None:
    said = say("audit", "verify")
    assert (said.code, "There is no database yet" in said.err) == (64, True)
    assert not home.database.exists()


def test_an_older_schema_has_to_be_migrated_first(say: Say, home: Home) -> None:
    with closing(sqlite3.connect(home.database, isolation_level=None)) as database:
        migrate(database, None, migrations()[:1])
    assert "kagami migrate" in say("audit", "verify").err


def test_a_backup_without_an_engine_is_in_the_audit(say: Say, archive: Path, home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        rows = database.execute("SELECT operation, result FROM audit ORDER BY seq").fetchall()
    assert rows == [("store.migrate", "ok"), ("backup.now", "begun"), ("backup.now", "ok")]


def test_the_verbs_of_the_topic_are_still_there(say: Say, archive: Path) -> None:
    assert json.loads(say("backup", "list", "--json").out)[0]["name"] == archive.name
    assert {"list", "now", "verify", "delete"} <= set(say("backup", "--help").out.split())


def test_a_backup_is_restored(say: Say, archive: Path, home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("INSERT INTO plugin_values VALUES ('a', 'later', '1')")
        database.commit()
    said = say("restore", str(archive), "--yes")
    assert (said.code, "kagami.db.before-restore-" in said.out) == (0, True)
    assert "log in again" in said.err
    with closing(sqlite3.connect(home.database)) as database:
        assert database.execute("SELECT key FROM plugin_values WHERE plugin = 'a'").fetchall() == []
    assert say("audit", "verify").code == 0


def test_a_new_home_gets_everything_that_the_backup_holds(say: Say, archive: Path, tmp_path: Path) -> None:
    other = str(tmp_path / "other")
    said = say("restore", str(archive), "--home", other)
    assert (said.code, "sealed anew" in said.err) == (0, True)
    assert say("audit", "verify", "--home", other).code == 0


def test_restoring_asks_before_it_replaces(say: Say, archive: Path, home: Home) -> None:
    before = home.database.read_bytes()
    said = say("restore", str(archive))
    assert (said.code, "--yes" in said.err) == (64, True)
    assert home.database.read_bytes() == before


def test_an_engine_that_runs_keeps_its_database(say: Say, archive: Path, home: Home) -> None:
    with hold(home):
        assert say("restore", str(archive), "--yes").code == 75
        assert say("migrate").code == 75


def test_a_file_that_is_no_backup_is_refused(say: Say, archive: Path, home: Home) -> None:
    archive.write_bytes(b"nonsense")
    said = say("restore", str(archive), "--yes")
    assert (said.code, "no backup at all" in said.err) == (64, True)
    assert say("restore", "/nowhere/x.kbk", "--yes").code == 64
    assert say("audit", "verify").code == 0


SECRET = "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"


def test_a_home_whose_secret_is_another_writes_nothing_before_its_audit_is_resealed(
    say: Say, archive: Path, home: Home
) -> None:
    (home.path / "kagami.toml").write_text(f'[cluster]\nsecret = "{SECRET}"\n', "utf-8")
    before = home.database.read_bytes()
    said = say("audit", "verify")
    assert (said.code, "kagami audit reseal" in said.err) == (1, True)
    for command in (["backup"], ["migrate"], ["migrate", "--to", "other.db"]):
        said = say(*command)
        assert (said.code, "kagami audit reseal" in said.err) == (78, True)
    assert home.database.read_bytes() == before
    said = say("audit", "reseal")
    assert (said.code, "whole: 3 rows" in said.err, "--yes" in said.err) == (64, True, True)
    assert say("audit", "reseal", "--yes").code == 0
    assert say("audit", "verify").out.startswith("The audit is whole: 4 rows")
    assert say("backup").code == 0
    assert say("audit", "verify").code == 0


def test_an_audit_that_is_ours_is_not_resealed(say: Say, archive: Path) -> None:
    said = say("audit", "reseal", "--yes")
    assert (said.code, "already" in said.err) == (64, True)
