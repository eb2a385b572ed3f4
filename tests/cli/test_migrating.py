from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kagami.home import Home, hold
from kagami.storage.migrate import migrate
from kagami.storage.queries import migrations
from tests.cli.conftest import Say

NEWEST = migrations()[-1][0]


@pytest.fixture
def filled(say: Say, home: Home) -> Home:
    say("migrate")
    return home


@pytest.mark.parametrize("command", ["migrate", "upgrade"])
def test_an_older_schema_is_brought_up_with_a_backup(say: Say, home: Home, command: str) -> None:
    with closing(sqlite3.connect(home.database, isolation_level=None)) as database:
        migrate(database, None, migrations()[:2])
    told = json.loads(say(command, "--json").out)
    assert (told["before"], told["now"], told["aside"]) == (2, NEWEST, f"{home.database}.before-0003")
    assert (home.backups / told["backup"]).is_file()


def test_an_upgrade_that_fails_says_so_and_is_one(say: Say, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(sqlite3.connect(home.database, isolation_level=None)) as database:
        migrate(database, None, migrations()[:2])
    known = [*migrations()[:2], (3, "INSERT INTO nowhere VALUES (1);")]
    monkeypatch.setattr("kagami.storage.migrate.migrations", lambda: known)
    said = say("upgrade")
    assert (said.code, "is as it was: no such table: nowhere" in said.err) == (1, True)


def test_everything_moves_to_another_file_and_the_configuration_follows(say: Say, filled: Home) -> None:
    (filled.path / "kagami.toml").write_text("# mine\n[store]\nkeep_days = 30  # a month\n")
    said = say("migrate", "--to", "other.db", "--switch")
    assert (said.code, "names the new database now" in said.err) == (0, True)
    text = (filled.path / "kagami.toml").read_text()
    assert f'url = "{filled.path}/other.db"' in text
    assert "# mine\n[store]\nkeep_days = 30  # a month\n" in text
    assert say("audit", "verify").code == 0


def test_without_switch_it_says_what_to_change(say: Say, filled: Home) -> None:
    said = say("migrate", "--to", "other.db")
    assert "store.url" in said.err
    assert "KAGAMI_STORE__URL" in said.err
    said = say("migrate", "--to", "third.db", KAGAMI_STORE__URL="other.db")
    assert "Now change environment KAGAMI_STORE__URL" in said.err


def test_an_address_from_the_environment_is_not_switched(say: Say, filled: Home) -> None:
    said = say("migrate", "--to", "other.db", "--switch", KAGAMI_STORE__URL="kagami.db")
    assert (said.code, "KAGAMI_STORE__URL" in said.err) == (64, True)
    assert not (filled.path / "other.db").exists()


def test_what_is_kept_there_is_replaced_when_it_is_said_twice(say: Say, filled: Home) -> None:
    say("migrate", "--to", "other.db")
    assert "--replace" in say("migrate", "--to", "other.db").err
    assert say("migrate", "--to", "other.db", "--replace").code == 64  # nobody is there to be asked
    told = json.loads(say("migrate", "--to", "other.db", "--replace", "--yes", "--json").out)
    assert (filled.backups / told["backup"]).is_file()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--switch"], "--switch needs --to"),
        (["--replace"], "--replace needs --to"),
        (["--to", ""], "--to needs a value"),
        (["--to", "mysql://h/n"], "mysql"),
        (["--to", "kagami.db"], "there already"),
    ],
)
def test_a_wrong_line_is_explained(say: Say, filled: Home, words: list[str], told: str) -> None:
    said = say("migrate", *words)
    assert (said.code, told in said.err) == (64, True), said.err


def test_the_address_may_stand_in_a_file(say: Say, filled: Home, tmp_path: Path) -> None:
    (tmp_path / "address").write_text("other.db\n")
    said = say("migrate", "--to-file", str(tmp_path / "address"))
    assert (said.code, "password" in said.err, (filled.path / "other.db").exists()) == (0, False, True)
    assert say("migrate", KAGAMI_MIGRATE_TO_FILE=str(tmp_path / "address"), KAGAMI_STORE__URL="other.db").code == 64
    assert "cannot be read" in say("migrate", "--to-file", str(tmp_path / "none")).err


def test_a_password_among_the_words_is_warned_of(say: Say, filled: Home) -> None:
    said = say("migrate", "--to", "postgresql://me:swordfish@127.0.0.1:1/none")
    assert ("--to-file" in said.err, "swordfish" in said.out + said.err) == (True, False)
    assert "--to-file" not in say("migrate", "--to", "postgresql://me@127.0.0.1:1/none").err


def test_an_address_is_given_once(say: Say, filled: Home) -> None:
    said = say("migrate", "--to", "other.db", KAGAMI_MIGRATE_TO="third.db")
    assert (said.code, "--to, KAGAMI_MIGRATE_TO" in said.err) == (64, True)


def test_nothing_moves_from_an_empty_home(say: Say, home: Home) -> None:
    assert "no database yet" in say("migrate", "--to", "other.db").err


def test_an_engine_that_runs_keeps_its_store(say: Say, filled: Home) -> None:
    with hold(filled):
        assert say("migrate", "--to", "other.db").code == 75
        assert say("upgrade").code == 75


def test_a_server_is_a_place_like_any_other(say: Say, filled: Home, postgres_url: str) -> None:
    said = say("migrate", "--switch", KAGAMI_MIGRATE_TO=postgres_url)
    assert (said.code, postgres_url not in said.out + said.err) == (0, True)
    assert say("audit", "verify").code == 0
    name = json.loads(say("backup", "--json").out)["name"]
    said = say("restore", str(filled.backups / name), "--yes")
    assert (said.code, "schema before_restore_" in said.out) == (0, True)
    assert say("migrate", "--to", "back.db", "--switch").code == 0
    assert say("audit", "verify").code == 0


def test_an_encrypted_backup_is_restored_with_its_passphrase(
    say: Say, filled: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kagami.storage.seal.N", 16)
    name = json.loads(say("backup", "--json", KAGAMI_BACKUP__PASSPHRASE="correct horse").out)["name"]
    archive, file = str(filled.backups / name), tmp_path / "passphrase"
    assert "give its passphrase with --passphrase-file" in say("restore", archive, "--yes").err
    file.write_text("wrong\n")
    assert "the passphrase is another one" in say("restore", archive, "--yes", "--passphrase-file", str(file)).err
    file.write_text("correct horse\n")
    assert say("restore", archive, "--yes", "--passphrase-file", str(file)).code == 0
    assert "cannot be read" in say("restore", archive, "--yes", "--passphrase-file", "/nowhere").err


def test_a_dump_is_refused_with_the_command_that_restores_it(say: Say, filled: Home, tmp_path: Path) -> None:
    said = say("restore", str(tmp_path / "x.dump"), KAGAMI_STORE__URL="postgresql://me:canary@db/kagami")
    assert (said.code, "pg_restore --clean" in said.err, "canary" in said.err) == (64, True, False)
    said = say("restore", str(tmp_path / "x.dump"))
    assert (said.code, "onto a PostgreSQL only" in said.err) == (64, True)
