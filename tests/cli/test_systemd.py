from __future__ import annotations

import os
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from kagami.cli.systemd import program
from tests.cli.conftest import Say


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that writes down what it is told."""
    folder = tmp_path / "bin"
    folder.mkdir()
    told = tmp_path / "told"
    program = folder / "systemctl"
    program.write_text(f'#!/bin/sh\necho "$@" >> "{told}"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return told


@pytest.fixture
def service(say: Say, tmp_path: Path) -> Say:
    """`service("install")` for a user whose units are kept in a folder of the test's."""
    return lambda *words: say("service", *words, XDG_CONFIG_HOME=str(tmp_path / "config"))


def unit_file(tmp_path: Path) -> Path:
    return tmp_path / "config" / "systemd" / "user" / "kagami.service"


def test_the_unit_starts_this_home(say: Say) -> None:
    said = say("service", "show")
    (start,) = [line for line in said.out.splitlines() if line.startswith("ExecStart=")]
    assert "-m kagami --home" in start
    assert start.endswith(" run")


def test_one_file_is_started_as_one_file() -> None:
    assert program({"KAGAMI_FILE": "/opt/kagami"}) == ["/opt/kagami"]


def test_an_archive_is_started_by_its_interpreter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with ZipFile(tmp_path / "kagami.pyz", "w"):
        monkeypatch.setattr(sys, "argv", [str(tmp_path / "kagami.pyz"), "service"])
    assert program({}) == [sys.executable, str(tmp_path / "kagami.pyz")]


def test_the_unit_gives_up_what_a_restart_cannot_mend(say: Say) -> None:
    assert "RestartPreventExitStatus=64 75 78" in say("service", "show").out


def test_the_unit_watches_that_the_loop_turns(say: Say) -> None:
    out = say("service", "show").out
    assert "Type=notify" in out
    assert "WatchdogSec=60" in out


def test_words_with_spaces_and_signs_are_quoted(say: Say, tmp_path: Path) -> None:
    out = say("--home", str(tmp_path / 'a "b" 100% $HOME'), "service", "show").out
    assert f'"{tmp_path}/a \\"b\\" 100%% $$HOME"' in out


def test_a_machine_wide_unit_names_its_user_and_may_write_only_its_home(say: Say, tmp_path: Path) -> None:
    home = tmp_path / "home"
    out = say("--home", str(home), "service", "show", "--system", "--user", "kagami").out
    assert "User=kagami" in out
    assert f"ReadWritePaths={home}" in out


def test_a_machine_wide_unit_does_not_run_as_root_unasked(say: Say, tmp_path: Path) -> None:
    said = say("--home", str(tmp_path / "none"), "service", "show", "--system")
    assert (said.code, "--user" in said.err) == (64, True)


def test_a_user_goes_with_system_only(say: Say) -> None:
    assert say("service", "show", "--user", "somebody").code == 64


def test_installing_writes_the_unit_and_starts_it(service: Say, systemd: Path, tmp_path: Path) -> None:
    service("install")
    assert "ExecStart=" in unit_file(tmp_path).read_text()
    assert systemd.read_text().splitlines() == ["--user daemon-reload", "--user enable --now kagami.service"]


def test_removing_stops_it_and_takes_the_unit_away(service: Say, systemd: Path, tmp_path: Path) -> None:
    service("install", "--no-now")
    service("remove")
    assert not unit_file(tmp_path).exists()
    assert "--user disable --now kagami.service" in systemd.read_text().splitlines()


def test_what_is_not_installed_cannot_be_removed(service: Say, systemd: Path) -> None:
    assert service("remove").code == 1


def test_a_configuration_that_is_refused_is_not_installed(service: Say, systemd: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text("nonsense = 1\n")
    said = service("install", "--config", str(bad))
    assert (said.code, unit_file(tmp_path).exists()) == (78, False)


def test_without_systemd_it_says_so(service: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said = service("install")
    assert (said.code, "systemd" in said.err) == (1, True)


def test_a_systemd_that_cannot_be_reached_is_told_with_what_to_do(service: Say, systemd: Path, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "systemctl"
    program.write_text("#!/bin/sh\necho Failed to connect to bus >&2\nexit 1\n")
    said = service("install")
    assert (said.code, "Failed to connect to bus. It needs a session of this user" in said.err) == (1, True)
