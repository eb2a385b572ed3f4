from __future__ import annotations

import pytest

from kagami.storage.config import is_plain


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://kagami@db/kagami",
        "postgresql://u:p%40w@db:5432/kagami?sslmode=require",
        "postgresql:///kagami?host=/run/postgresql",
        "postgresql://u:p@[::1]:5432,second:5433/kagami",
    ],
)
def test_an_address_that_means_one_thing_is_plain(url: str) -> None:
    assert is_plain(url)


@pytest.mark.parametrize("word", ["pa/ss", "pa#ss", "pa@ss", "pa?ss"])
def test_signs_in_a_password_that_end_it_early_are_not(word: str) -> None:
    assert not is_plain(f"postgresql://u:{word}@db/kagami")


def test_a_port_is_a_number() -> None:
    assert not is_plain("postgresql://u@db:many/kagami")
