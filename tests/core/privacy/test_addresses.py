"""Addresses of people and machines."""

from __future__ import annotations

import pytest

from kagami.core.privacy.addresses import addresses, mails


def shown(text: str) -> list[str]:
    return [text[start:end] for start, end in (*mails(text), *addresses(text))]


@pytest.mark.parametrize("text", ["a.b+c@x-y.co.uk", "192.168.0.1", "2001:db8::1", "::1", "fe80::1:2"])
def test_an_address_is_found_beside_other_words(text: str) -> None:
    assert shown(f"用{text}试试") == [text]


@pytest.mark.parametrize(
    "text",
    ["v1.2.3.4", "版本 1.2.3.4", "256.1.1.1", "1.2.3.4.5", "12:30:45", "std::vector", "git@github.com:a/b", "x@2x.png"],
)
def test_what_only_looks_like_one_is_none(text: str) -> None:
    assert shown(text) == []
