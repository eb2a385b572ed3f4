"""What `make` says where something is missing, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from kagami import __version__
from tests.deploy.daemon import ROOT, Daemon

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]


def compose_script(word: str, folder: Path, **environment: str) -> tuple[int, str]:
    """`deploy/compose.sh` with a `docker` that is the file of that name in `folder`, or none at all."""
    for name in ("sh", "sed", "git", "dirname", "id", "uname", "tr"):
        place = next(Path(each, name) for each in os.get_exec_path() if Path(each, name).exists())
        (folder / name).symlink_to(place)
    given = {"PATH": str(folder)} | environment
    command = ["/bin/sh", str(ROOT / "deploy" / "compose.sh"), word]
    done = subprocess.run(command, env=given, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr


def program(folder: Path, text: str) -> None:
    (folder / "docker").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "docker").chmod(0o755)


def test_without_docker_it_says_what_to_install(tmp_path: Path) -> None:
    code, told = compose_script("up", tmp_path)
    assert code == 1
    assert "Install Docker Engine" in told


def test_without_compose_it_names_the_plugin(tmp_path: Path) -> None:
    program(tmp_path, '[ "$1" != compose ]')
    code, told = compose_script("build", tmp_path)
    assert code == 1
    assert "docker-compose-plugin" in told


def test_without_an_engine_it_says_how_to_start_one(tmp_path: Path) -> None:
    program(tmp_path, '[ "$1" != info ]')
    code, told = compose_script("status", tmp_path)
    assert code == 1
    assert "systemctl start docker" in told


def test_clean_is_content_without_docker(tmp_path: Path) -> None:
    assert compose_script("clean", tmp_path) == (0, "")


def test_a_stage_that_is_not_there_is_refused(tmp_path: Path) -> None:
    code, told = compose_script("up", tmp_path, STAGE="test")
    assert code == 1
    assert "STAGE is prod or dev" in told


def test_secrets_are_strong_and_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    for _ in range(2):
        subprocess.run(
            ["/bin/sh", str(ROOT / "deploy" / "secrets.sh")],
            env=os.environ | {"SECRETS": str(folder)},
            check=True,
            capture_output=True,
        )
        made = {path.name: path.read_text() for path in folder.iterdir()}
        assert len({*made.values()}) == len(made) == 9
    assert {path.name: path.read_text() for path in folder.iterdir()} == made
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o444}


def test_clean_keeps_the_volumes_and_says_so(daemon: Daemon) -> None:
    label = "com.docker.compose.project=kagamiclean"
    daemon.docker("volume", "create", "--label", label, "kagamiclean_home")
    words = ("env", "STACK=kagamiclean", "KAGAMI_IMAGE=kagami:none", "sh", "deploy/compose.sh", "clean")
    assert "VOLUMES=1 deletes them: kagamiclean_home" in daemon.run(*words)
    assert "kagamiclean_home" in daemon.docker("volume", "ls", "--quiet")
    daemon.run("env", "VOLUMES=1", *words[1:])
    assert "kagamiclean_home" not in daemon.docker("volume", "ls", "--quiet")


@pytest.mark.parametrize("name", ["docker-compose.yml", "deploy/stack.yml"])
def test_the_files_name_this_version(name: str) -> None:
    assert f"${{KAGAMI_IMAGE:-kagami:{__version__}}}" in (ROOT / name).read_text("utf-8")
