from __future__ import annotations

import json

import pytest

from kagami.cli.findings import Finding, tell_findings
from kagami.cli.options import Globals


def given(*, as_json: bool = False) -> Globals:
    return Globals(str, "en", {}, as_json=as_json)


def test_a_bad_one_fails_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    findings = [Finding("ok", "a", "fine"), Finding("bad", "b", "broken", "Mend it.")]
    assert tell_findings(findings, given()) == 1
    assert capsys.readouterr().out == "ok    a: fine\nBAD   b: broken\n      → Mend it.\n"


def test_one_to_look_at_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_findings([Finding("warn", "a", "odd")], given()) == 0


def test_what_came_from_outside_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    tell_findings([Finding("bad", "\x1b[2J", "\x1b]0;x\x07", "\u202e")], given())
    assert "\x1b" not in capsys.readouterr().out


def test_as_json_they_are_rows(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell_findings([Finding("bad", "a", "b")], given(as_json=True)) == 1
    assert json.loads(capsys.readouterr().out)[0]["subject"] == "a"
