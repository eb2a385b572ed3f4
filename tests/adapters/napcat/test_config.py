"""The table of a NapCat."""

from __future__ import annotations

import pytest

from kagami.adapters.napcat.config import NapCatConfig


@pytest.mark.parametrize(
    ("config", "key"),
    [
        (NapCatConfig(), "url"),
        (NapCatConfig(url="http://h:1"), "url"),
        (NapCatConfig(webui_url="ws://h:1"), "webui_url"),
        (NapCatConfig(webui_url="http://h:1", gateway_url="h:1"), "gateway_url"),
        (NapCatConfig(webui_url="http://h:6099/webui?token=s3cret"), "webui_url"),
    ],
)
def test_what_no_type_can_refuse_is_refused_without_a_secret(config: NapCatConfig, key: str) -> None:
    trouble = config.trouble()
    assert trouble is not None
    assert (trouble.key, "s3cret" in str(trouble)) == (key, False)


def test_one_of_the_two_addresses_is_enough() -> None:
    for config in (NapCatConfig(url="ws://h:3001"), NapCatConfig(webui_url="http://h:6099/webui")):
        assert config.trouble() is None
    assert NapCatConfig(url="ws://h:3001", webui_url="http://h:6099").address == "h:3001"
    assert NapCatConfig(webui_url="http://u:p@h:6099").address == "h:6099"


@pytest.mark.parametrize(
    ("url", "taken_apart"),
    [
        ("http://h:6099/webui?token=a%2Bb", {"webui_url": "http://h:6099/webui", "webui_token": "a+b"}),
        ("http://h:6099/webui?token=t#/x", {"webui_url": "http://h:6099/webui", "webui_token": "t"}),
        ("http://h:6099/webui?x=1", {"webui_url": "http://h:6099/webui?x=1"}),
        ("http://h:6099", {"webui_url": "http://h:6099"}),
    ],
)
def test_an_address_as_napcat_prints_it_is_taken_apart(url: str, taken_apart: dict[str, str]) -> None:
    assert NapCatConfig.untangled({"webui_url": url}) == taken_apart
