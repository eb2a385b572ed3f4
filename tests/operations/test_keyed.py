from __future__ import annotations

import pytest

from kagami.core.secrets import HIDDEN
from kagami.operations.keyed import Keyed


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("ws://user:word@host:1/path?access_token=x", "ws://host:1/path"),
        ("ws://host", "ws://host"),
        ("word@host", HIDDEN),
        ("", ""),
    ],
)
def test_an_address_is_told_without_its_secrets(url: str, told: str) -> None:
    assert Keyed(url=url).told() == Keyed(url=told)


def test_no_secret_and_no_other_value_is_told() -> None:
    assert Keyed(token="word", keys={"token": "word", "n": 1}).told() == Keyed(
        token=HIDDEN, keys={"token": HIDDEN, "n": HIDDEN}
    )


def test_what_was_given_are_keys() -> None:
    assert Keyed(url="ws://a", keys={"pool": "p"}).given() == {"url": "ws://a", "pool": "p"}
    assert Keyed().given() == {}
