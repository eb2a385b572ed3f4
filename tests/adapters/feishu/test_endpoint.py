"""Where the long connection is."""

from __future__ import annotations

import msgspec
import pytest

from kagami.adapters.feishu.endpoint import Place, read_endpoint, read_handshake
from kagami.adapters.feishu.wire import ClientConfig
from kagami.errors import CredentialsRefused, Crowded, KagamiError, Unavailable
from kagami.ports import HttpAnswer

URL = "wss://host/ws?device_id=1&service_id=33554678&ticket=secret-ticket"


def answer(body: object, status: int = 200) -> HttpAnswer:
    return HttpAnswer(status, {}, msgspec.json.encode(body), "https://open.feishu.cn")


def test_the_address_the_service_and_the_settings_are_read() -> None:
    told = {"code": 0, "msg": "", "data": {"URL": URL, "ClientConfig": {"PingInterval": 90, "ReconnectNonce": 5}}}
    config = ClientConfig(ping_interval=90, reconnect_nonce=5)
    assert read_endpoint(answer(told), plain=False) == Place(URL, 33554678, config)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (403, CredentialsRefused),
        (514, CredentialsRefused),
        (1000040344, CredentialsRefused),
        (1000040350, Crowded),
        (1, Unavailable),
        (1000040343, Unavailable),
    ],
)
def test_a_code_says_whether_trying_again_can_help(code: int, kind: type[KagamiError]) -> None:
    with pytest.raises(KagamiError) as caught:
        read_endpoint(answer({"code": code, "msg": "no"}), plain=False)
    assert type(caught.value) is kind


@pytest.mark.parametrize("url", ["", "https://host", "ws://host/ws?service_id=1", "wss://[", "wss://h/?service_id=x"])
def test_an_address_that_cannot_be_used_is_not(url: str) -> None:
    with pytest.raises(Unavailable) as caught:
        read_endpoint(answer({"code": 0, "data": {"URL": url}}), plain=False)
    assert url not in caught.value.text() or not url


def test_without_tls_it_goes_on_without_tls() -> None:
    place = read_endpoint(answer({"code": 0, "data": {"URL": "ws://host/ws?service_id=1"}}), plain=True)
    assert place.service == 1


@pytest.mark.parametrize("body", ["text", {"code": "x"}, {"code": 0, "data": 5}])
def test_what_is_no_answer_is_tried_again(body: object) -> None:
    with pytest.raises(Unavailable):
        read_endpoint(answer(body, 502), plain=False)


def test_a_refused_handshake_says_why() -> None:
    assert read_handshake({}) == ""
    assert "ticket" in read_handshake({"handshake-status": "514", "handshake-msg": "ticket"})
    with pytest.raises(CredentialsRefused):
        read_handshake({"handshake-status": "403", "handshake-msg": "no"})
    with pytest.raises(Crowded):
        read_handshake({"handshake-status": "514", "handshake-autherrcode": "1000040350"})
