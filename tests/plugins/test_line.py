"""What is known of one plugin."""

from __future__ import annotations

from pathlib import Path

import pytest

from kagami.errors import NotFound
from kagami.plugins.line import MOST_LEAKY, MOST_SURVIVORS, Line
from kagami.plugins.manifest import Manifest
from kagami.plugins.versions import Found, Unsound


def found(version: str) -> Found:
    return Found(Manifest(id="greeter", version=version, entry="main:plugin"), Path(version))


def broken(version: str, *, recalled: bool = False) -> Unsound:
    return Unsound("greeter", version, f"{version} is broken", Path(version), recalled=recalled)


def line(*versions: str) -> Line:
    made = Line("greeter")
    made.take([found(version) for version in versions], [])
    return made


def test_versions_are_listed_by_their_number_and_failures_last() -> None:
    known = line("1.9.0", "1.10.0")
    known.failed["0.1.0"] = "no syntax"
    assert known.versions == ["1.10.0", "1.9.0", "0.1.0"]


def test_a_failure_is_remembered_as_long_as_the_version_lies_there() -> None:
    known = line("1.0.0", "1.1.0")
    known.failed["1.1.0"] = "no syntax"
    known.take([found("1.0.0"), found("1.1.0")], [])
    assert known.failed == {"1.1.0": "no syntax"}
    known.take([found("1.0.0")], [])
    assert known.failed == {}


def test_what_is_unsound_is_listed_and_what_is_recalled_is_known_as_that() -> None:
    known = line("1.0.0")
    known.take([found("1.0.0")], [broken("1.1.0"), broken("1.2.0", recalled=True)])
    assert (sorted(known.failed), known.recalled) == (["1.1.0", "1.2.0"], frozenset({"1.2.0"}))


def test_only_the_chosen_version_may_serve_and_all_when_it_is_gone() -> None:
    known = line("1.1.0", "1.0.0")
    assert [each.manifest.version for each in known.candidates("1.0.0")] == ["1.0.0"]
    assert [each.manifest.version for each in known.candidates("3.0.0")] == ["1.1.0", "1.0.0"]


def test_a_version_that_does_not_lie_there_is_named() -> None:
    with pytest.raises(NotFound, match=r"greeter 9\.0\.0"):
        line("1.0.0").on_disk("9.0.0")


def test_what_was_left_behind_is_kept_with_its_time_and_within_bounds() -> None:
    known = line("1.0.0")
    for number in range(MOST_LEAKY + 5):
        known.survived(f"0.{number}.0", ["a task"] * (MOST_SURVIVORS + 5), 1_764_000_000_000)
    assert len(known.survivors) == MOST_LEAKY
    (kept,) = {*known.survivors[f"0.{MOST_LEAKY + 4}.0"]}
    assert kept.startswith("a task (2025-11-2")
    assert len(known.survivors[f"0.{MOST_LEAKY + 4}.0"]) == MOST_SURVIVORS
