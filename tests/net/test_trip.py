"""Requests before they leave, and where redirects lead."""

from __future__ import annotations

import pytest

from kagami.errors import Refused, Unavailable
from kagami.net.trip import Trip, read_proxy, start

SECRET = {"Authorization": "Bearer s", "X-Api-Key": "k", "Cookie": "c=1", "Accept": "text/plain"}


def post() -> Trip:
    return start("post", "https://a.test/x", headers=SECRET | {"content-type": "text/plain"}, body=b"b")


def led(status: int, place: str) -> Trip:
    onward = post().onward(status, place)
    assert onward is not None
    return onward


def test_an_address_is_written_plainly() -> None:
    trip = start("get", "HTTP://Example.COM.:80/a?x=1#part", params={"y": "ä&"})
    assert (trip.method, str(trip.url)) == ("GET", "http://example.com/a?x=1&y=%C3%A4%26")


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://example.com/",
        "//example.com/",
        "http:///x",
        "http:\\\\127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://user@127.0.0.1/",
        "http://user:secret@example.com/",
        "http://:secret@example.com/",
        "http://0x7f.1/",
        "http://2130706433/",
        "http://①②⑦.1/",
        "http://[fe80::1%25eth0]/",
        "http://%31%32%37.0.0.1/",
        "http://127.0.0.1:80:80/",
        "http://[::1",
        "example.com",
        "",
    ],
)
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        start("GET", url)


@pytest.mark.parametrize("method", ["CONNECT", "TRACE", "GET / HTTP/1.1\r\n", ""])
def test_odd_methods_are_refused(method: str) -> None:
    with pytest.raises(Refused):
        start(method, "http://a.test/")


@pytest.mark.parametrize("name", ["Host", "content-length", "Transfer-Encoding", "Connection", "Proxy-Authorization"])
def test_headers_of_the_connection_are_the_houses(name: str) -> None:
    with pytest.raises(Refused, match=name):
        start("GET", "http://a.test/", headers={name: "x"})


@pytest.mark.parametrize("status", [200, 300, 304, 404])
def test_other_answers_lead_nowhere(status: int) -> None:
    assert post().onward(status, "/y") is None


def test_a_redirect_without_a_place_is_an_answer() -> None:
    assert post().onward(302, None) is None


def test_a_place_may_be_relative() -> None:
    assert str(led(307, "../y?z").url) == "https://a.test/y?z"


@pytest.mark.parametrize("status", [301, 302, 303])
def test_a_post_becomes_a_get_without_its_body(status: int) -> None:
    trip = led(status, "/y")
    assert (trip.method, trip.body, "content-type" in trip.headers) == ("GET", None, False)


def test_other_methods_become_a_get_only_to_see_another_place() -> None:
    put, head = (start(method, "https://a.test/x", body=b"b") for method in ("PUT", "HEAD"))
    led_on = [trip.onward(status, "/y") for trip in (put, head) for status in (301, 303)]
    assert [trip.method for trip in led_on if trip] == ["PUT", "GET", "HEAD", "HEAD"]


@pytest.mark.parametrize("status", [307, 308])
def test_a_post_may_be_repeated_elsewhere(status: int) -> None:
    trip = led(status, "/y")
    assert (trip.method, trip.body, trip.headers) == ("POST", b"b", post().headers)


@pytest.mark.parametrize("place", ["https://b.test/", "http://a.test/x", "https://a.test:444/x", "//b.test"])
def test_another_origin_gets_no_secrets(place: str) -> None:
    assert set(led(307, place).headers) == {"Accept", "content-type"}


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://0x7f.1/", "http://u@a.test/", "gopher://a.test"])
def test_a_redirect_to_what_is_no_address_ends_there(place: str) -> None:
    with pytest.raises(Unavailable, match="leads to no address"):
        post().onward(302, place)


@pytest.mark.parametrize(
    ("proxy", "scheme"),
    [("", ""), ("http://u:p@127.0.0.1:7890", "http"), ("https://p:1", "https"), ("socks5h://[::1]:1080", "socks5")],
)
def test_proxies_are_read(proxy: str, scheme: str) -> None:
    assert read_proxy(proxy) == scheme


@pytest.mark.parametrize("proxy", ["127.0.0.1:7890", "ftp://a:1", "http://a", "socks5://:1080", "http://a:x"])
def test_other_proxies_are_refused(proxy: str) -> None:
    with pytest.raises(Refused, match="proxy"):
        read_proxy(proxy)


@pytest.mark.parametrize(
    ("name", "value"),
    [("Connection ", "upgrade"), ("transfer-encoding\t", "chunked"), ("", "x"), ("X\r\nY", "z"), ("X:", "y")]
    + [("X", value) for value in ("a\r\nY: b", "a\0", "\ud800")],
)
def test_what_other_readers_would_take_for_something_else_is_no_header(name: str, value: str) -> None:
    with pytest.raises(Refused):
        start("GET", "https://a.test/", headers={name: value})


def test_a_value_may_hold_any_letters() -> None:
    assert start("GET", "https://a.test/", headers={"X-Name": "\tÄ 中"}).headers == {"X-Name": "\tÄ 中"}
