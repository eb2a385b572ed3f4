from __future__ import annotations

import subprocess
import sys

from kagami.tui.places import ACTIONS, BY_NAME, PLACES


def test_digits_are_given_once() -> None:
    assert [entry.digit for entry in PLACES] == list("123456789")


def test_every_place_has_an_action_with_its_digit() -> None:
    assert [(action.id, action.keys) for action in ACTIONS] == [(entry.go, (entry.digit,)) for entry in PLACES]
    assert set(BY_NAME) == {entry.name for entry in PLACES}


def test_the_shell_imports_no_place_before_its_first_visit() -> None:
    probe = "import sys, kagami.tui.app; sys.exit(any(n.startswith('kagami.tui.screens.') for n in sys.modules))"
    assert subprocess.run([sys.executable, "-c", probe], check=False).returncode == 0
