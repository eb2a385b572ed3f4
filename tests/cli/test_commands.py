from __future__ import annotations

import json
import stat
from typing import Any

import pytest

from kagami import app
from kagami.cli import console
from kagami.config import Settings
from kagami.errors import HomeBusy, StoreClosed
from kagami.home import Home
from tests.cli.conftest import Doubles, Say


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Settings, dict[str, Any]]]:
    """Engines that would have been started."""
    found: list[tuple[Settings, dict[str, Any]]] = []

    def start(settings: Settings, **how: Any) -> int:
        found.append((settings, how))
        return 0

    monkeypatch.setattr(app, "run_headless", start)
    return found


def test_run_starts_an_engine_with_its_settings(say: Say, started: list[tuple[Settings, dict[str, Any]]]) -> None:
    assert say("run", "--log-format", "json", WS_PORT="4000") == (0, "", "")
    ((settings, how),) = started
    assert (settings.gateway.port, how) == (4000, {"as_json": True})


@pytest.mark.parametrize("role", ["gateway", "worker"])
def test_a_part_of_an_engine_needs_a_server(
    say: Say, started: list[tuple[Settings, dict[str, Any]]], role: str
) -> None:
    said = say("run", "--role", role)
    assert (said.code, started) == (78, [])
    assert "DB_HOST" in said.err


@pytest.mark.parametrize("role", ["gateway", "worker", "all"])
def test_a_part_of_an_engine_is_started_on_a_server(
    say: Say, started: list[tuple[Settings, dict[str, Any]]], role: str
) -> None:
    assert say("run", "--role", role, DB_HOST="10.0.0.5").code == 0
    ((settings, _),) = started
    assert settings.cluster.role == role


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ("[gateway]\nprot = 1", {}, "Did you mean gateway.port?"),
        ("[gateway", {}, "kagami.toml"),
        ("", {"WS_PORT": "x"}, "environment WS_PORT"),
        ("", {"KAGAMI_GATEWAY__HOST": "0.0.0.0", "KAGAMI_GATEWAY__TOKEN": "changeme"}, "gateway.token"),  # noqa: S104
    ],
)
def test_a_refused_configuration_is_one_line(
    say: Say, home: Home, text: str, environ: dict[str, str], words: str
) -> None:
    (home.path / "kagami.toml").write_text(text)
    said = say("run", **environ)
    assert (said.code, said.out, said.err.count("\n")) == (78, "", 1)
    assert words in said.err


def test_a_missing_file_is_refused(say: Say) -> None:
    said = say("run", "--config", "/nowhere/kagami.toml")
    assert (said.code, "/nowhere/kagami.toml" in said.err) == (78, True)


def test_a_held_home_is_busy(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> int:
        raise HomeBusy(pid=5, home="/h")

    monkeypatch.setattr(app, "run_headless", busy)
    said = say("run")
    assert (said.code, "kagami attach" in said.err) == (75, True)


def test_health_of_a_sound_engine_is_zero(say: Say, engine: Doubles) -> None:
    said = say("health")
    assert (said.code, "state" in said.out) == (0, True)
    assert json.loads(say("health", "--json").out)["state"] == "ok"


def test_health_of_a_failed_engine_is_not(say: Say, engine: Doubles) -> None:
    engine.store.broken = StoreClosed(reason="r")
    assert say("health").code == 1


def test_health_without_an_engine_is_away(say: Say) -> None:
    assert say("health").code == 69


def test_attaching_over_a_line_that_others_can_read_is_refused(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "has_terminal", lambda: True)
    said = say("attach", "http://host:5000", TERM="xterm")
    assert (said.code, "--insecure" in said.err) == (64, True)


def test_init_writes_an_explained_file_and_secrets(say: Say, home: Home) -> None:
    said = say("init")
    path = home.path / "kagami.toml"
    assert (said.code, str(path) in said.out) == (0, True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (home.secrets / "gateway_token").exists()
    assert (home.secrets / "gateway_token").read_text().strip() not in said.out


def test_init_keeps_what_is_there(say: Say, home: Home) -> None:
    (home.path / "kagami.toml").write_text("gateway.port = 1")
    said = say("init")
    assert (said.code, "--force" in said.err) == (1, True)
    assert (home.path / "kagami.toml").read_text() == "gateway.port = 1"


def test_init_replaces_when_forced(say: Say, home: Home) -> None:
    (home.path / "kagami.toml").write_text("gateway.port = 1")
    said = say("init", "--force", "--json")
    assert json.loads(said.out) == {"config": str(home.path / "kagami.toml"), "home": str(home.path)}
    assert "gateway.port = 1" not in (home.path / "kagami.toml").read_text()
