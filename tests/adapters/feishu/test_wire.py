"""Feishu's JSON."""

from __future__ import annotations

import pytest

from kagami.adapters.feishu.wire import ClientConfig, Endpoint, Envelope, Ids, Said, WireMention, shaped
from kagami.errors import WireError


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b"{", b"\xff", b'{"header":{}}', b"[" * 5000])
def test_what_is_no_event_is_a_wire_error(raw: bytes) -> None:
    with pytest.raises(WireError):
        shaped(raw, Envelope)


def test_fields_that_nobody_reads_may_be_anything() -> None:
    said = shaped(b'{"message":{"message_id":"om_1","chat_id":"oc_1","new":[1]},"x":{}}', Said)
    assert said.message.message_id == "om_1"


def test_a_person_is_named_by_the_first_id_there_is() -> None:
    assert [Ids("ou", "on", "u").one, Ids(None, "on").one, Ids().one] == ["ou", "on", ""]


def test_a_mention_names_its_user_in_events_and_in_answers() -> None:
    assert [WireMention("@_user_1", Ids("ou_1")).user, WireMention("@_user_1", "ou_2").user] == ["ou_1", "ou_2"]


def test_the_connection_s_settings_have_defaults() -> None:
    raw = b'{"URL":"wss://x","ClientConfig":{"PingInterval":90}}'
    assert shaped(raw, Endpoint) == Endpoint(url="wss://x", config=ClientConfig(ping_interval=90.0))


@pytest.mark.parametrize("depth", [101, 5_000, 100_000])
def test_what_nests_without_end_is_refused(depth: int) -> None:
    with pytest.raises(WireError):
        shaped(b"[" * depth + b"]" * depth, object)


def test_half_an_emoji_does_not_spoil_the_rest() -> None:
    said = shaped(rb'{"message":{"message_id":"om_\ud83d","chat_id":"oc_1"}}', Said)
    assert (said.message.message_id, said.message.chat_id) == ("om_\ufffd", "oc_1")
