"""The first steps to an address."""

from __future__ import annotations

import socket

import pytest

from kagami.adapters.steps import Place, knock, look_up, place_of


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://api.example.com/x", Place("api.example.com", 443)),
        ("ws://user:password@[::1]/", Place("::1", 80)),
        ("socks5://proxy", Place("proxy", 1080)),
        ("http://127.0.0.1:8080", Place("127.0.0.1", 8080)),
    ],
)
def test_an_address_has_a_host_and_a_port(url: str, place: Place) -> None:
    assert place_of(url) == place


def test_a_name_with_an_address() -> None:
    found = look_up(Place("127.0.0.1", 80), "bot", str, fix="")
    assert (found.state, found.text) == ("ok", "127.0.0.1 has the address 127.0.0.1")


@pytest.mark.parametrize("host", ["nobody.invalid", "a..b", "a" * 64])
def test_a_name_without_one(host: str) -> None:
    found = look_up(Place(host, 80), "bot", str, fix="Correct it.")
    assert (found.state, found.fix) == ("bad", "Correct it.")
    assert found.text.startswith(f"the name {host} has no address (")


def test_somebody_takes_a_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert knock(Place("127.0.0.1", server.getsockname()[1]), "bot", str, fix="") is None


def test_nobody_does(unused_tcp_port: int) -> None:
    found = knock(Place("127.0.0.1", unused_tcp_port), "bot", str, fix="Start it.")
    assert found is not None
    assert (found.state, found.fix) == ("bad", "Start it.")
    assert found.text.startswith(f"nothing answers on port {unused_tcp_port} (")
