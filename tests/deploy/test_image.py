"""The image: small, without what it was built with, and for a user without rights."""

from __future__ import annotations

import json

import pytest

from kagami import __version__
from tests.deploy import bases
from tests.deploy.daemon import Daemon

pytestmark = [pytest.mark.service, pytest.mark.timeout(600)]

LARGEST_MB = 150
HARDENED = ("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")


def shell(daemon: Daemon, image: str, line: str) -> str:
    return daemon.docker("run", "--rm", "--entrypoint", "sh", image, "-c", line).strip()


def test_it_says_what_it_runs_and_how_its_health_is_asked(daemon: Daemon, image: str) -> None:
    (found,) = json.loads(daemon.docker("image", "inspect", image))
    config = found["Config"]
    assert config["Entrypoint"] == ["kagami"]
    assert config["Cmd"] == ["run", "--log-format", "json"]
    assert config["Healthcheck"]["Test"] == ["CMD", "kagami", "health"]
    assert config["Healthcheck"]["Timeout"] >= 3_000_000_000
    assert config["StopSignal"] == "SIGTERM"
    assert config["User"] == "10001:10001"
    assert config["Labels"]["org.opencontainers.image.version"] == __version__


def test_nothing_that_builds_or_installs_is_left(daemon: Daemon, image: str) -> None:
    line = "for each in pip pip3 gcc cc make git curl; do command -v $each; done; find / -path '*-packages/pip'"
    assert shell(daemon, image, f"{line} 2>/dev/null; true") == ""


def test_kagami_adds_little_to_its_base(daemon: Daemon, image: str) -> None:
    sizes = [
        int(daemon.docker("image", "inspect", "--format", "{{.Size}}", each))
        for each in (image, bases.tag_of("python"))
    ]
    assert (sizes[0] - sizes[1]) / 1e6 < LARGEST_MB


def test_every_module_is_compiled(daemon: Daemon, image: str) -> None:
    """A root that cannot be written could not be compiled later, and each start would pay for it."""
    counts = "find . -name '*.py' | wc -l && find . -name '*.pyc' | wc -l"
    sources, compiled = shell(daemon, image, f"cd /opt/kagami/lib/python3*/site-packages/kagami && {counts}").split()
    assert sources == compiled != "0"


def test_the_classic_builder_makes_it_too(daemon: Daemon, image: str) -> None:
    daemon.run("env", "DOCKER_BUILDKIT=0", "docker", "build", "--quiet", "--tag", "kagami:classic", ".", timeout=300)
    asked = ("image", "inspect", "--format", "{{json .Config.Healthcheck}} {{json .Config.Cmd}}")
    assert daemon.docker(*asked, image) == daemon.docker(*asked, "kagami:classic")


def test_it_speaks_without_any_right_or_a_place_to_write(daemon: Daemon, image: str) -> None:
    assert daemon.docker("run", "--rm", *HARDENED, image, "--version").strip().endswith(__version__)


def test_with_too_little_memory_it_is_ended_with_137(daemon: Daemon, image: str) -> None:
    name = "kagami-tiny"
    code, _ = daemon.fails("docker", "run", "--name", name, "--memory", "24m", "--memory-swap", "24m", image)
    (found,) = json.loads(daemon.docker("inspect", name))
    assert (code, found["State"]["OOMKilled"]) == (137, True)
