"""What is wrong with a setting is told in English by an engine, and read in any language."""

from __future__ import annotations

import ast
from pathlib import Path

import kagami
from kagami.reasons.texts import TEMPLATES
from tests.test_translations import texts

PACKAGE = Path(kagami.__file__).parent
ROOMS = ("config.py", "shape.py", "sources.py", "toml.py", "edits.py", "home.py", "core/wanted.py", "centre")


def test_every_refusal_with_something_filled_in_is_a_template() -> None:
    paths = [
        path for room in ROOMS for path in sorted({PACKAGE / room, *(PACKAGE / room).glob("*.py")}) if path.is_file()
    ]
    found = {text for path in paths for text in texts(ast.parse(path.read_text("utf-8"))) if "{" in text}
    assert len(found) > 15, "the search itself finds them"
    assert found - set(TEMPLATES) == set()
