from __future__ import annotations

from typing import Any

import pytest

from kagami.errors import SettingError
from kagami.plugins.extra.chat.options import ChatSettings, Endpoint
from kagami.plugins.settings import read_settings


@pytest.mark.parametrize("url", ["https://a.test/v1", "https://a.test/v1/", "https://a.test/v1/chat/completions"])
def test_an_endpoint_is_written_with_or_without_its_path(url: str) -> None:
    assert Endpoint(url, "m").address == "https://a.test/v1/chat/completions"


def test_an_endpoint_never_shows_its_keys() -> None:
    assert "sk-secret" not in repr(Endpoint("https://a.test/v1", "m", ("sk-secret",)))


@pytest.mark.parametrize(
    "given",
    [
        {"chance": 1.5},
        {"quiet": "23-7"},
        {"quiet": "24:00-07:00"},
        {"language": "fr"},
        {"endpoints": [{"url": "ftp://a.test", "model": "m"}]},
        {"endpoints": [{"url": "https://a.test", "model": "m", "key": "one"}]},
    ],
)
def test_wrong_settings_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(SettingError):
        read_settings(ChatSettings, given, "chat")


def test_settings_of_a_file_are_read() -> None:
    given = {"quiet": "23:00-07:30", "endpoints": [{"url": "https://a.test", "model": "m", "keys": ["a", "b"]}]}
    assert read_settings(ChatSettings, given, "chat").endpoints[0].keys == ("a", "b")
