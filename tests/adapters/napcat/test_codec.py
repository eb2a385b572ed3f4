"""The WebUI's words, and NapCat's network entries."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kagami.adapters.napcat.codec import (
    captcha_sid,
    client_entry,
    debug_url,
    login_hash,
    password_hash,
    read_answer,
    read_data,
    root,
    server_entry,
    with_client,
    with_server,
    write_config,
)
from kagami.adapters.napcat.wire import DebugPlace, LoggedIn, LoginStatus, PasswordOutcome, QuickAccount
from kagami.errors import Refused, WireError
from kagami.testing.napcat import new_network

URL = "ws://127.0.0.1:3001/onebot/v11/ws"
FOREIGN = {"name": "koishi", "enable": True, "url": "ws://10.0.0.1:9", "token": "x", "own": 1}


def network(**kinds: list[dict[str, Any]]) -> dict[str, Any]:
    config = new_network()
    config["network"] |= kinds
    return config


def test_a_token_is_hashed_as_napcat_does() -> None:
    assert login_hash("tok12345") == "ecfac5a16482634205170cd00957dbb52f89cb1988242b82b79c5597cc86fb19"
    assert login_hash("1a2b3c4d") == "87dbfeeb020ae0983e4570e787f250a38214686afa8da79caba20479f2a660d3"


def test_a_password_is_hashed_as_qq_does() -> None:
    assert password_hash("secret") == "5ebe2294ecd0e0f08eab7690d2a6ee69"


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("http://10.0.0.2:6099", "http://10.0.0.2:6099"),
        ("http://10.0.0.2:6099/", "http://10.0.0.2:6099"),
        ("http://10.0.0.2:6099/webui", "http://10.0.0.2:6099"),
        ("https://bot.example/napcat/webui/web_login", "https://bot.example/napcat"),
    ],
)
def test_the_server_is_found_from_any_address_of_its_pages(url: str, wanted: str) -> None:
    assert root(url) == wanted


def test_the_address_of_the_debug_connection() -> None:
    place = DebugPlace("debug-primary", "a b&c")
    wanted = "127.0.0.1:6099/api/Debug/ws?adapterName=debug-primary&token=a%20b%26c"
    assert debug_url("http://127.0.0.1:6099", place) == f"ws://{wanted}"
    assert debug_url("https://127.0.0.1:6099/", place) == f"wss://{wanted}"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"message":"no code"}', b"\xff"])
def test_what_is_no_answer_of_the_webui_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        read_answer(body)


def test_answers_are_read_with_what_is_missing_or_unknown() -> None:
    assert read_answer(b'{"code":0,"message":"success","data":null,"more":1}').code == 0
    assert read_data(None, PasswordOutcome) == PasswordOutcome()
    assert read_data(None, list[QuickAccount]) == []
    assert read_data({"uin": 10001, "nick": None}, LoggedIn) == LoggedIn(10001, None)
    assert read_data({"isLogin": False, "qrcodeurl": None, "x": {}}, LoginStatus) == LoginStatus()
    with pytest.raises(WireError):
        read_data({"isLogin": {}}, LoginStatus)


def test_the_session_of_a_captcha() -> None:
    assert captcha_sid("https://c.example/v?aid=1&sid=abc%20d&uin=1") == "abc d"
    assert captcha_sid("https://c.example/v") == ""


# --- network entries ---


def test_an_entry_is_added_and_nobody_else_is_touched() -> None:
    config = network(websocketClients=[FOREIGN], httpServers=[{"name": "h"}]) | {"musicSignUrl": "kept"}
    (written,) = with_client(config, client_entry(URL, "t"))
    assert written["network"]["websocketClients"] == [FOREIGN, client_entry(URL, "t")]
    assert (written["network"]["httpServers"], written["musicSignUrl"]) == ([{"name": "h"}], "kept")
    assert config["network"]["websocketClients"] == [FOREIGN]


def test_an_entry_that_is_there_is_not_written_again() -> None:
    assert with_client(network(websocketClients=[client_entry(URL, "t") | {"more": 1}]), client_entry(URL, "t")) == []


def test_an_entry_with_another_address_is_replaced_by_name() -> None:
    before = network(websocketClients=[client_entry("ws://old:1", "t") | {"more": 1}, FOREIGN])
    (written,) = with_client(before, client_entry(URL, "t"))
    assert written["network"]["websocketClients"] == [FOREIGN, client_entry(URL, "t") | {"more": 1}]


def test_for_a_new_token_the_entry_goes_first() -> None:
    before = network(websocketClients=[client_entry(URL, "old"), FOREIGN])
    without, written = with_client(before, client_entry(URL, "new"))
    assert without["network"]["websocketClients"] == [FOREIGN]
    assert written["network"]["websocketClients"] == [FOREIGN, client_entry(URL, "new")]


@settings(max_examples=40, deadline=None)
@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
    )
)
def test_a_network_of_any_shape_gets_the_entry(found: Any) -> None:
    (written,) = with_client({"network": found}, client_entry(URL, "t"))
    assert client_entry(URL, "t") in written["network"]["websocketClients"]


def test_a_server_listens_where_we_dial() -> None:
    entry = server_entry("ws://127.0.0.1:3002/", "t")
    assert (entry["host"], entry["port"], entry["token"]) == ("127.0.0.1", 3002, "t")
    assert server_entry("wss://napcat.example/", "t")["port"] == 443
    assert server_entry("ws://napcat.example", "t")["host"] == "0.0.0.0"  # noqa: S104 - what NapCat is told
    (written,) = with_server(network(), entry)
    assert written["network"]["websocketServers"] == [entry]


def test_a_server_that_asks_for_our_token_is_good() -> None:
    other = {"name": "own", "enable": True, "port": 3001, "token": "t"}
    assert with_server(network(websocketServers=[other]), server_entry("ws://127.0.0.1:13001", "t")) == []


def test_a_server_of_somebody_else_on_that_port_stays() -> None:
    other = {"name": "own", "enable": True, "port": 3001, "token": "other"}
    with pytest.raises(Refused, match="another token"):
        with_server(network(websocketServers=[other]), server_entry("ws://127.0.0.1:3001", "t"))


def test_no_server_is_opened_without_a_token() -> None:
    with pytest.raises(Refused, match="without a token"):
        with_server(network(), server_entry("ws://127.0.0.1:3001", ""))


def test_a_configuration_is_written_as_text() -> None:
    assert msgspec.json.decode(write_config(new_network())) == new_network()
