from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.validators.tools import ROOT, complaints, find, read

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_PINNED = re.compile(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


@each_workflow
def test_it_is_a_workflow(path: Path) -> None:
    assert complaints("check-jsonschema", "--builtin-schema", "vendor.github-workflows", path) == ""


@each_workflow
def test_its_steps_and_scripts_are_sound(path: Path) -> None:
    assert complaints("actionlint", "-no-color", "-shellcheck", find("shellcheck"), "-pyflakes=", path) == ""


def test_nothing_invites_an_attacker() -> None:
    assert complaints("zizmor", "--offline", "--no-progress", "--min-severity=medium", *WORKFLOWS) == ""


@each_workflow
def test_actions_are_pinned_with_their_version(path: Path) -> None:
    used = [line.partition("uses: ")[2] for line in path.read_text("utf-8").splitlines() if "uses: " in line]
    assert used
    assert [each for each in used if not (_PINNED.fullmatch(each) or each.startswith("./"))] == []


@each_workflow
def test_nobody_may_more_than_a_job_says(path: Path) -> None:
    workflow = read(str(path.relative_to(ROOT)))
    assert workflow["permissions"] == {}
    assert all("permissions" in job for job in workflow["jobs"].values())
    assert workflow["concurrency"]


def before(jobs: dict[str, Any], name: str) -> set[str]:
    """The jobs that have to end well before this one begins."""
    needs = jobs[name].get("needs", [])
    direct = {needs} if isinstance(needs, str) else set(needs)
    return direct.union(*(before(jobs, each) for each in direct))


@pytest.mark.parametrize("name", ["image", "release", "chart"])
def test_what_is_published_has_passed_first(name: str) -> None:
    jobs = read(f".github/workflows/{name}.yml")["jobs"]
    assert jobs["ci"]["uses"] == "./.github/workflows/ci.yml"
    publishing = [each for each, job in jobs.items() if "write" in job["permissions"].values()]
    assert publishing
    assert all("ci" in before(jobs, each) for each in publishing)


def test_targets_that_are_called_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    texts = [path.read_text("utf-8") for path in WORKFLOWS]
    called = {word for text in texts for found in re.findall(r"\bmake ([a-z. /-]+)", text) for word in found.split()}
    called |= set(read(".github/workflows/ci.yml")["jobs"]["beside"]["strategy"]["matrix"]["target"])
    known = set(
        re.findall(r"^(?:\.PHONY: )?([a-z./$()-][^:=\n]*):(?!=)", makefile.replace("$(VENV)", ".venv"), re.MULTILINE)
    )
    names = {word for line in known for word in line.split()}
    assert called - names == set()
