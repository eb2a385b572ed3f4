from __future__ import annotations

import msgspec
import pytest

from kagami.adapters.kook.config import KookConfig
from kagami.adapters.table import host_of, web_trouble
from kagami.core.pace import Pace
from kagami.core.secrets import Secret

TABLE = KookConfig(token=Secret("t"), name="one")


@pytest.mark.parametrize(
    "url", ["", "kook", "ftp://a.example", "https://", "https://a.example:0", "https://a b", "h://["]
)
def test_an_address_that_cannot_be_asked_is_trouble(url: str) -> None:
    trouble = web_trouble("api_url", url, ("http", "https"))
    assert trouble is not None
    assert trouble.key == "api_url"


def test_what_is_shown_of_an_address_holds_no_secret() -> None:
    trouble = web_trouble("url", "http://user:hunter2@a.example/?access_token=hunter3", ("ws", "wss"))
    assert trouble is not None
    assert trouble.shown == "a.example/"


def test_a_sound_address_is_none() -> None:
    assert web_trouble("url", "wss://a.example:1/x?y=z", ("ws", "wss")) is None


def test_a_host_is_told_without_what_may_be_secret() -> None:
    assert host_of("wss://user:pass@a.example:1/x?token=y") == "a.example:1"


def test_a_name_and_a_pace_need_no_new_connection() -> None:
    named = msgspec.structs.replace(TABLE, name="two", pace=Pace(chat_per_second=1))
    assert TABLE.same_connection(named)
    assert not TABLE.same_connection(msgspec.structs.replace(TABLE, token=Secret("u")))
    assert not TABLE.same_connection(msgspec.structs.replace(TABLE, enabled=False))
