from __future__ import annotations

import pytest

from kagami.centre.seal import Seal
from kagami.core.secrets import Secret
from kagami.errors import Unavailable

KEY = Secret("kx8VqT2mWz7RfLp4YhNc9BdGs3JvA6Eu")


@pytest.mark.parametrize("raw", [b"", b"token = 'x'\r\n", "多".encode() * 10_000])
def test_what_is_sealed_opens_in_its_place(raw: bytes) -> None:
    assert Seal(KEY).open(Seal(KEY).close(raw, "a 1"), "a 1") == raw


def test_nothing_of_it_can_be_read() -> None:
    sealed = Seal(KEY).close(b"a token of mine", "a 1")
    assert "token" not in sealed
    assert sealed != Seal(KEY).close(b"a token of mine", "a 1")


def test_it_opens_nowhere_else_and_with_no_other_key() -> None:
    sealed = Seal(KEY).close(b"x", "a 1")
    with pytest.raises(Unavailable, match="changed from outside"):
        Seal(KEY).open(sealed, "a 2")
    with pytest.raises(Unavailable, match="key in secrets/"):
        Seal(Secret("another")).open(sealed, "a 1")
