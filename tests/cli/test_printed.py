from __future__ import annotations

import json

import pytest

from kagami.cli.printed import as_json


@pytest.mark.parametrize(
    "character", ["\x1b", "\x7f", "\x9b", "\x9d", "\u2028", "\u202e", "\u2066", "\u200b", "\U000e0041"]
)
def test_what_could_steer_a_terminal_is_written_out(character: str) -> None:
    printed = as_json({"text": f"a{character}b"})
    assert printed.isprintable()
    assert json.loads(printed) == {"text": f"a{character}b"}


def test_letters_of_any_language_stay_as_they_are() -> None:
    assert as_json(["镜 Ölé 🙂"]) == '["镜 Ölé 🙂"]'
