"""Live secrets by their value."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest

from kagami.core.privacy.redact import Redactor
from kagami.core.secrets import HIDDEN

SECRET = 's3cr/et+k"ey=ü?>~'


@pytest.mark.parametrize(
    "written",
    [SECRET, quote(SECRET, safe=""), quote(SECRET), json.dumps(SECRET)[1:-1], repr(SECRET)[1:-1]],
)
def test_a_secret_is_hidden_in_every_form(written: str) -> None:
    assert Redactor([SECRET]).hide(f"<{written}>") == f"<{HIDDEN}>"


@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("after", ["", "!", "!!"])
def test_a_secret_within_base64_cannot_be_read(before: str, after: str) -> None:
    content = f"{before}{SECRET}{after}".encode()
    for coded in (b64encode(content).decode(), urlsafe_b64encode(content).decode()):
        assert HIDDEN in Redactor([SECRET]).hide(f"Basic {coded}")


def test_words_that_everybody_uses_are_not_hidden() -> None:
    assert Redactor(["napcat", "short", "", "change-me"]).hide("napcat is short") == "napcat is short"


def test_secrets_that_overlap_are_one_hole() -> None:
    assert Redactor(["abcdefgh", "efghijkl"]).hide("xabcdefghijklx") == f"x{HIDDEN}x"


def test_a_secret_that_comes_later_is_hidden_from_then_on() -> None:
    redactor = Redactor()
    assert redactor.hide("0123456789") == "0123456789"
    redactor.add("0123456789")
    assert redactor.hide("0123456789") == HIDDEN
