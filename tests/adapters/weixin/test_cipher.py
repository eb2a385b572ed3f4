from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.weixin.cipher import seal, unseal
from kagami.errors import WireError

KEY = bytes(range(16))


def test_the_platforms_vector() -> None:
    assert seal(b"hello", KEY).hex() == "5d8749e2af7531b2bf6661e9e5daf012"


@given(st.binary(max_size=100), st.binary(min_size=16, max_size=16))
def test_what_is_sealed_is_unsealed(content: bytes, key: bytes) -> None:
    assert unseal(seal(content, key), key) == content


@pytest.mark.parametrize("content", [b"", b"short", seal(b"hello", KEY)[:-1], bytes(16)])
def test_what_the_key_does_not_fit_is_refused(content: bytes) -> None:
    with pytest.raises(WireError):
        unseal(content, KEY)
