from __future__ import annotations

import asyncio
import json
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from kagami.cli import doctor
from kagami.cli.doctor import examine
from kagami.cli.findings import Finding
from kagami.cli.options import Globals
from kagami.clock import SystemClock
from kagami.config import load
from kagami.engine.upgrading import note
from kagami.errors import StoreClosed
from kagami.home import Home, hold
from kagami.meters import Meters
from kagami.ports import SettingRow, StorePut
from kagami.storage.store import open_store
from tests.cli.conftest import Doubles, Say
from tests.web.doubles import row

PORTS = {"WS_PORT": "0", "WEBUI_PORT": "0"}


def look(home: Home, **environ: str) -> dict[str, Finding]:
    return {each.subject: each for each in examine(Globals(str, "en", PORTS | environ, home=home.path))}


def test_a_new_home_is_sound(tmp_path: Path) -> None:
    found = look(Home(tmp_path / "new"))
    assert [each for each in found.values() if each.state != "ok"] == []
    assert not (tmp_path / "new").exists()


def test_a_home_that_others_see_is_named(home: Home) -> None:
    home.path.chmod(0o755)
    assert (look(home)["home"].state, look(home)["home"].fix) == ("warn", f"Run: chmod 700 {home.path}")


def test_a_wrong_setting_is_named_with_its_origin(home: Home) -> None:
    found = look(home, WS_PORT="many")["configuration"]
    assert (found.state, "environment WS_PORT" in found.text) == ("bad", True)


def test_where_settings_came_from_is_told(home: Home) -> None:
    (home.path / "kagami.toml").write_text('language = "zh"')
    assert look(home)["configuration"].text == "environment WEBUI_PORT, environment WS_PORT, kagami.toml"


def test_a_taken_port_is_named(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = look(home, WS_PORT=str(port))[f"port {port} (gateway)"]
    assert (found.state, "WS_PORT" in found.fix) == ("bad", True)


def test_a_port_that_our_engine_holds_is_fine(home: Home, engine: Doubles) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert look(home, WEBUI_PORT=str(port))[f"port {port} (web)"].state == "ok"


def test_a_port_is_named_as_it_was_set(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = look(home, KAGAMI_GATEWAY__PORT=str(port))[f"port {port} (gateway)"]
    assert "gateway.port (KAGAMI_GATEWAY__PORT)" in found.fix


def test_ports_are_those_of_the_engine_that_runs(home: Home, engine: Doubles) -> None:
    engine.centre.more = [SettingRow("web.port", "web", "int", "", 5555, origin="environment WEBUI_PORT")]
    assert "port 5555 (web)" in look(home)


def test_what_only_the_engine_was_given_is_named(home: Home, engine: Doubles) -> None:
    engine.centre.more = [SettingRow("web.port", "web", "int", "", 5555, origin="environment KAGAMI_WEB__PORT")]
    given = Globals(str, "en", dict(PORTS), home=home.path)
    (found,) = [each for each in examine(given) if each.subject == "configuration" and each.state == "warn"]
    assert found.text.endswith("not ours: web.port")


def test_a_worker_has_no_gateway(home: Home, engine: Doubles) -> None:
    engine.centre.more = [SettingRow("cluster.role", "cluster", "choice", "", "worker")]
    found = look(home)
    assert found["gateway"].text == "none: this process has the role worker"
    assert not [subject for subject in found if "(gateway)" in subject]


def test_an_engine_that_runs_says_how_it_is(home: Home, engine: Doubles) -> None:
    assert look(home)["engine"].text.endswith("says: ok")
    engine.store.broken = StoreClosed(reason="r")
    assert look(home)["engine"].state == "bad"


def test_an_engine_that_does_not_answer_is_named(home: Home) -> None:
    with hold(home):
        assert "does not answer" in look(home)["engine"].text


def test_a_weak_token_is_named_before_it_matters(home: Home) -> None:
    assert look(home, KAGAMI_GATEWAY__TOKEN="short")["gateway.token"].state == "warn"


def test_a_file_with_a_token_that_others_read_is_named(home: Home) -> None:
    path = home.path / "kagami.toml"
    path.write_text('gateway.token = "0123456789abcdefghijklmnopqrstuvwxyz"')
    path.chmod(0o644)
    assert look(home)["configuration"].fix == f"Run: chmod 600 {path}"
    path.chmod(0o600)
    assert look(home)["configuration"].state == "ok"


@pytest.mark.parametrize(("scarce", "low", "state"), [(0, 0, "ok"), (0, 1 << 62, "warn"), (1 << 62, 1 << 62, "bad")])
def test_a_full_disk_is_named(home: Home, monkeypatch: pytest.MonkeyPatch, scarce: int, low: int, state: str) -> None:
    monkeypatch.setattr(doctor, "SCARCE_BYTES", scarce)
    monkeypatch.setattr(doctor, "LOW_BYTES", low)
    assert look(home)["disk"].state == state


def test_a_sound_database_tells_its_schema(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("PRAGMA user_version = 1")
    assert look(home)["database"].text == "sound, schema 1, 0 MB"


def test_a_newer_database_is_named(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("PRAGMA user_version = 9999")
    assert (look(home)["database"].state, look(home)["database"].fix) == ("bad", "Upgrade Kagami.")


def test_a_file_that_is_no_database_is_named(home: Home) -> None:
    home.database.write_bytes(b"not a database" * 1_000)
    assert look(home)["database"].state == "bad"


def test_a_broken_database_is_named(home: Home) -> None:
    with closing(sqlite3.connect(home.database)) as database:
        database.execute("CREATE TABLE words (word TEXT)")
        database.executemany("INSERT INTO words VALUES (?)", [("x" * 1_000,)] * 100)
        database.commit()
    content = bytearray(home.database.read_bytes())
    content[4_096 * 3 : 4_096 * 4] = b"\xff" * 4_096
    home.database.write_bytes(content)
    assert look(home)["database"].state == "bad"


def test_bots_are_tried_and_those_switched_off_are_not(home: Home, unused_tcp_port: int) -> None:
    bot = f'[[bots]]\nkind = "onebot11"\nurl = "ws://127.0.0.1:{unused_tcp_port}"\nname = '
    (home.path / "kagami.toml").write_text(f'{bot}"on"\n{bot}"off"\nenabled = false\n')
    found = look(home)
    assert (found["bot on"].state, found["bot off"].text) == ("bad", "switched off")


def test_the_command_shows_fixes_and_fails(say: Say, home: Home) -> None:
    said = say("doctor", WS_PORT="many")
    assert said.code == 1
    assert "BAD   configuration: gateway.port = many" in said.out


def test_foreign_text_is_escaped(say: Say, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = [Finding("bad", "bot \x1b[31m", "it says \x1b]0;title\x07", "Try \u202e.")]
    monkeypatch.setattr(doctor, "examine", lambda _: evil)
    out = say("doctor").out
    assert out.replace("\n", "").isprintable()


def test_the_command_shows_a_fix_below(say: Say, home: Home) -> None:
    home.path.chmod(0o755)
    assert f"\n      → Run: chmod 700 {home.path}\n" in say("doctor", **PORTS).out


def test_the_command_speaks_json(say: Say) -> None:
    said = say("doctor", "--json", **PORTS)
    assert (said.code, {each["state"] for each in json.loads(said.out)}) == (0, {"ok"})


def test_every_mistake_of_the_configuration_is_named_and_the_rest_looked_at(home: Home) -> None:
    (home.path / "kagami.toml").write_text(
        '[hub]\ntries = "many"\nnonsense = 1\n[limits]\nuser_per_minute = "x"\n[[bots]]\nkind = "telegram"\n'
    )
    found = examine(Globals(str, "en", dict(PORTS), home=home.path))
    bad = [each.text for each in found if each.subject == "configuration"]
    assert [key for key in ("hub.tries", "hub.nonsense", "limits.user_per_minute", "bots.0") if key in str(bad)] == [
        "hub.tries", "hub.nonsense", "limits.user_per_minute", "bots.0",
    ]  # fmt: skip
    assert "disk" in {each.subject for each in found}


def test_a_weak_token_of_a_worker_is_named_on_this_machine_too(home: Home) -> None:
    (home.path / "kagami.toml").write_text('[[workers]]\nname = "nonebot"\ntoken = "weak"\n')
    found = look(home)["token of the worker nonebot"]
    assert (found.state, found.fix) == ("warn", "Give it another: kagami workers edit nonebot --token …")


def test_a_redis_that_is_not_there_is_named_with_what_to_do(home: Home) -> None:
    found = look(home, REDIS_ADDR="127.0.0.1:1", REDIS_PWD="s3cret")["Redis 127.0.0.1:1"]
    assert (found.state, found.text, "redis.url" in found.fix) == ("bad", "nobody listens there", True)


def test_without_a_redis_nothing_is_said_of_one(home: Home) -> None:
    assert not any(subject.startswith("Redis") for subject in look(home))


def test_a_postgresql_that_is_not_there_is_named_with_what_to_do(home: Home) -> None:
    found = look(home, DB_HOST="127.0.0.1", DB_PORT="1", DB_PASSWORD="s3cret")["PostgreSQL kagami@127.0.0.1:1/kagami"]
    assert (found.state, "DB_PORT" in found.fix, "s3cret" in str(found)) == ("bad", True, False)
    assert "database" not in look(home, DB_HOST="127.0.0.1", DB_PORT="1")


@pytest.mark.parametrize(
    ("environ", "state", "told"),
    [
        ({}, "ok", "right for one process alone"),
        ({"KAGAMI_CLUSTER__ROLE": "worker"}, "bad", "one of several"),
        ({"KAGAMI_CLUSTER__SECRET": "kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK"}, "ok", "strong"),
    ],
)
def test_a_process_of_several_needs_their_secret(
    home: Home, postgres_url: str, environ: dict[str, str], state: str, told: str
) -> None:
    found = look(home, KAGAMI_STORE__URL=postgres_url, **environ)["cluster.secret"]
    assert (found.state, told in found.text) == (state, True)


def test_a_process_with_other_secrets_than_those_that_run_is_named(home: Home, postgres_url: str) -> None:
    asyncio.run(populate(postgres_url))
    found = look(home, KAGAMI_STORE__URL=postgres_url, KAGAMI_CLUSTER__SECRET="k" * 8 + "Q7v_nR2mZpX4tL8sYb1cWdE6uGh")
    assert ("one" in found["cluster.secret"].text, found["cluster.secret"].state) == (True, "bad")
    assert look(home, KAGAMI_STORE__URL=postgres_url)["cluster.secret"].state == "bad"


async def populate(url: str) -> None:
    """A process that lives, with secrets of its own."""
    async with open_store(url, clock=SystemClock(), meters=Meters()) as store:
        assert store.cluster is not None
        await store.cluster[1].join("one", "all", 15.0)
        await store.put_many([StorePut("@cluster", "key", '"other"')])


NAPCAT = (
    '[[bots]]\nkind = "napcat"\nname = "shiori"\nwebui_url = "http://127.0.0.1:{}"\nwebui_token = "not-to-be-guessed"\n'
)


@pytest.mark.parametrize(("state", "asked"), [("online", False), ("offline", True)])
def test_a_napcat_that_the_engine_is_in_is_not_logged_in_to_again(
    home: Home, engine: Doubles, unused_tcp_port: int, state: str, asked: bool
) -> None:
    (home.path / "kagami.toml").write_text(NAPCAT.format(unused_tcp_port))
    (home.path / "kagami.toml").chmod(0o600)
    engine.bots.all = [row("shiori", state)]
    found = look(home)["bot shiori"]
    assert (found.state == "bad", "engine" in found.text) == (asked, not asked)


def test_a_napcat_is_asked_itself_where_no_engine_runs(home: Home, unused_tcp_port: int) -> None:
    (home.path / "kagami.toml").write_text(NAPCAT.format(unused_tcp_port))
    assert look(home)["bot shiori"].fix == "Start NapCat, or correct bots.webui_url."


def test_an_audit_that_would_stop_a_start_is_named(home: Home) -> None:
    asyncio.run(note(load(home, environ={}), "test", {}))
    assert "audit" not in look(home)
    found = look(home, KAGAMI_CLUSTER__SECRET="kQ7v_nR2mZpX4tL8sYb1cWdE6uGhJ9fA3oViT5xK")["audit"]
    assert (found.state, "kagami audit reseal" in found.fix) == ("bad", True)
