from __future__ import annotations

import msgspec
import pytest

from kagami.hub.config import AlertsConfig, HubConfig, LimitsConfig


@pytest.mark.parametrize("key", ["running", "lane_length", "waiting", "tries", "dedupe"])
def test_a_bound_is_at_least_one(key: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=key):
        msgspec.convert({key: 0}, HubConfig)


@pytest.mark.parametrize("kind", [AlertsConfig, HubConfig, LimitsConfig])
def test_an_unknown_key_is_refused(kind: type[msgspec.Struct]) -> None:
    with pytest.raises(msgspec.ValidationError, match="colour"):
        msgspec.convert({"colour": "red"}, kind)


def test_limits_can_be_turned_off() -> None:
    assert msgspec.convert({"user_per_minute": 0}, LimitsConfig).user_per_minute == 0


def test_the_address_of_a_webhook_does_not_show_itself() -> None:
    assert "secret" not in repr(AlertsConfig(webhook=type(AlertsConfig().webhook)("https://x/?token=secret")))
