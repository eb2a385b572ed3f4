"""Requests against real servers on loopback, with names that a table resolves."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from kagami.errors import NotReached, PrivateAddress, Refused, Unavailable
from kagami.net import session
from kagami.net.trip import MEGABYTE
from tests.net.served import House, bomb


@pytest.fixture
async def house() -> AsyncIterator[House]:
    async with House() as opened:
        yield opened


# --- requests ---


async def test_an_answer_has_status_headers_and_text(house: House) -> None:
    answer = await house.http().get(house.url("/cookie"))
    assert (answer.status, answer.ok, answer.text, answer.url) == (418, False, "短", house.url("/cookie"))
    assert answer.headers["set-cookie"] == "a=1; Path=/, b=2; Path=/"


async def test_json_goes_out_and_comes_in(house: House) -> None:
    answer = await house.http().post(house.url("/echo"), json={"a": ["镜"]}, params={"q": "1"})
    told = answer.json()
    assert (answer.ok, told["method"], told["body"], told["query"]) == (True, "POST", '{"a":["镜"]}', {"q": "1"})
    assert told["headers"]["content-type"] == "application/json"


async def test_bytes_and_headers_go_out(house: House) -> None:
    answer = await house.http().request("PUT", house.url("/echo"), headers={"X-Key": "k"}, body=b"raw")
    told = answer.json()
    assert (told["method"], told["body"], told["headers"]["x-key"]) == ("PUT", "raw", "k")


async def test_requests_say_who_asks(house: House) -> None:
    assert (await house.http().get(house.url("/echo"))).json()["headers"]["user-agent"].startswith("Kagami/")


async def test_cookies_are_not_kept(house: House) -> None:
    http = house.http()
    await http.get(house.url("/cookie"))
    assert "cookie" not in (await http.get(house.url("/echo"))).json()["headers"]


async def test_proxies_of_the_environment_do_not_count(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert (await house.http().get(house.url("/echo"))).ok


async def test_a_header_cannot_end_the_line(house: House) -> None:
    with pytest.raises(Refused):
        await house.http().get(house.url("/echo"), headers={"X": "1\r\nY: 2"})
    assert not house.asked


# --- redirects ---


async def test_redirects_are_followed_without_secrets(house: House) -> None:
    to = house.url("/echo", "other.test")
    headers = {"Authorization": "Bearer s", "Accept": "text/x"}
    answer = await house.http().get(house.url(f"/redirect?to={to}"), headers=headers)
    told = answer.json()["headers"]
    assert (answer.url, told["accept"], "authorization" in told) == (to, "text/x", False)


async def test_secrets_stay_with_their_origin(house: House) -> None:
    answer = await house.http().get(house.url("/redirect?to=/echo"), headers={"Authorization": "Bearer s"})
    assert answer.json()["headers"]["authorization"] == "Bearer s"


async def test_a_body_follows_where_it_is_asked_to(house: House) -> None:
    answer = await house.http().post(house.url("/redirect?status=307&to=/echo"), json=[1])
    assert (answer.json()["method"], answer.json()["body"]) == ("POST", "[1]")


async def test_redirects_end(house: House) -> None:
    with pytest.raises(Unavailable, match="more than 5 times"):
        await house.http().get(house.url("/redirect?to=?to=?"))
    assert len(house.asked) == 6


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "home.test", "169.254.169.254"])
async def test_a_redirect_into_the_private_network_is_refused(house: House, host: str) -> None:
    with pytest.raises(PrivateAddress):
        await house.http().get(house.url(f"/redirect?to={house.url('/echo', host)}"))
    assert [request.path for request in house.asked] == ["/redirect"]


# --- the guard ---


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1.", "[::1]", "[::ffff:127.0.0.1]", "home.test", "HOME.test."])
async def test_private_addresses_are_refused(house: House, host: str) -> None:
    with pytest.raises(PrivateAddress, match=r"plugins\.http\.private"):
        await house.http().get(house.url("/echo", host))
    assert not house.asked


async def test_one_private_address_is_enough(house: House) -> None:
    house.names["home.test"] = ["1.1.1.1", "127.0.0.1"]
    with pytest.raises(PrivateAddress):
        await house.http().get(house.url("/echo", "home.test"))
    assert not house.asked


async def test_an_exempt_address_is_reached(house: House) -> None:
    assert (await house.http(private=("127.0.0.1",)).get(house.url("/echo", "127.0.0.1"))).ok


async def test_a_name_is_looked_up_once_and_connected_to_there(house: House) -> None:
    http = house.http(private=("127.0.0.0/8",))
    await http.get(house.url("/echo"))
    assert house.looked_up == ["api.test"]


async def test_a_name_that_changes_its_address_gains_nothing(house: House) -> None:
    http = house.http(private=("127.0.0.1",))
    house.names["api.test"] = ["127.0.0.1"]
    with pytest.raises(PrivateAddress):
        await http.get(house.url("/echo"))
    house.names["api.test"] = ["1.1.1.1", "::1"]
    with pytest.raises(PrivateAddress):
        await http.get(house.url("/echo"))
    assert (house.looked_up, house.asked) == (["api.test"] * 2, [])


async def test_a_name_that_is_not_known_is_unavailable(house: House) -> None:
    with pytest.raises(Unavailable, match=r"nowhere\.test"):
        await house.http().get("http://nowhere.test/")


# --- limits ---


async def test_who_does_not_answer_is_given_up(house: House) -> None:
    with pytest.raises(Unavailable, match=r"no answer within 0\.05 s"):
        await house.http().get(house.url("/silent"), seconds=0.05)
    async with asyncio.timeout(5):
        await house.closed.wait()


async def test_a_request_may_be_cancelled(house: House) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await house.http().get(house.url("/silent"))
    async with asyncio.timeout(5):
        await house.closed.wait()


async def test_where_no_connection_comes_about_nothing_was_asked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr(session, "CONNECT_SECONDS", 0.05)
    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        with pytest.raises(NotReached, match=r"no connection within 0\.05 s"):
            await house.http().post(f"https://api.test:{server.sockets[0].getsockname()[1]}/")


async def test_a_connection_that_breaks_is_unavailable(house: House) -> None:
    with pytest.raises(Unavailable, match=r"api\.test"):
        await house.http().post(house.url("/broken"))


async def test_an_answer_that_is_no_http_is_unavailable(house: House) -> None:
    async def mumble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-x\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(mumble, "127.0.0.1", 0) as server:
        with pytest.raises(Unavailable, match=r"api\.test is away: ."):
            await house.http().get(f"http://api.test:{server.sockets[0].getsockname()[1]}/?secret")


@pytest.mark.parametrize("path", ["/large", "/stream"])
async def test_an_answer_has_a_largest_size(house: House, path: str) -> None:
    with pytest.raises(Unavailable, match="larger than 2 MB"):
        await house.http(largest=2 * MEGABYTE).get(house.url(path))


async def test_what_is_compressed_counts_unpacked_and_is_not_unpacked_at_once(house: House) -> None:
    bomb()
    tracemalloc.start()
    try:
        with pytest.raises(Unavailable, match="larger"):
            await house.http(largest=MEGABYTE).get(house.url("/bomb"))
        assert tracemalloc.get_traced_memory()[1] < 8 * MEGABYTE
    finally:
        tracemalloc.stop()


# --- downloads ---


def endings(folder: Path) -> list[str]:
    return [path.suffix for path in folder.iterdir()]


async def test_a_download_is_a_whole_file_of_ours_alone(house: House, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    target = tmp_path / "x.bin"
    await house.reach().download(house.url("/large"), target, lambda done, total: steps.append((done, total)))
    assert target.read_bytes() == bytes(range(256)) * 4096 * 3
    assert steps[-1] == (3 * MEGABYTE, 3 * MEGABYTE)
    assert (target.stat().st_mode & 0o777, endings(tmp_path)) == (0o600, [".bin"])


@pytest.mark.parametrize("path", ["/large", "/stream", "/cookie", "/broken"])
async def test_a_download_that_fails_leaves_nothing(house: House, tmp_path: Path, path: str) -> None:
    with pytest.raises(Unavailable):
        await house.reach().download(house.url(path), tmp_path / "x", largest=MEGABYTE)
    assert endings(tmp_path) == []


async def test_a_download_may_be_cancelled(house: House, tmp_path: Path) -> None:
    began = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        work = house.reach().download(house.url("/silent"), tmp_path / "x", lambda *_: began.set())
        task = group.create_task(work)
        await began.wait()
        assert endings(tmp_path) == [".part"]
        task.cancel()
    assert endings(tmp_path) == []


async def test_a_download_that_stands_still_is_given_up(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kagami.net.session.STALL_SECONDS", 0.05)
    with pytest.raises(Unavailable, match="no answer"):
        await house.reach().download(house.url("/silent"), tmp_path / "x")


async def test_a_download_goes_by_the_guard(house: House, tmp_path: Path) -> None:
    with pytest.raises(PrivateAddress):
        await house.reach().download(house.url("/large", "home.test"), tmp_path / "x")


async def test_a_disk_that_fails_is_named(house: House, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="missing"):
        await house.reach().download(house.url("/large"), tmp_path / "missing" / "x")


# --- proxies ---


async def test_a_proxy_is_asked_for_names(house: House) -> None:
    http = house.http(proxy=f"http://127.0.0.1:{house.port}", private=())
    house.names["api.test"] = ["1.1.1.1"]
    assert (await http.get("http://api.test/echo")).ok
    assert (house.asked[0].host, house.looked_up) == ("api.test", ["api.test"])


async def test_a_proxy_knows_names_that_we_do_not(house: House) -> None:
    http = house.http(proxy=f"http://127.0.0.1:{house.port}", private=())
    assert (await http.get("http://nowhere.test/echo")).ok


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "home.test", "169.254.169.254"])
@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_is_not_asked_for_private_hosts(house: House, scheme: str, host: str) -> None:
    with pytest.raises(PrivateAddress):
        await house.http(proxy=f"{scheme}://127.0.0.1:{house.port}").get(house.url("/echo", host))
    assert not house.asked


@asynccontextmanager
async def socks(port: int, answer: bytes = b"\0") -> AsyncIterator[tuple[int, list[str]]]:
    """A SOCKS5 proxy (RFC 1928) that leads every name to `port`; its own port, and the names that it was asked for."""
    names: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        greeting = await reader.readexactly(2)
        await reader.readexactly(greeting[1])
        writer.write(b"\5\0")
        *_, kind, length = await reader.readexactly(5)
        assert kind == 3, "it was given an address instead of a name"
        names.append((await reader.readexactly(length)).decode())
        await reader.readexactly(2)
        writer.write(b"\5" + answer + b"\0\1\0\0\0\0\0\0")
        there_reader, there = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as group:
            group.create_task(pipe(reader, there))
            group.create_task(pipe(there_reader, writer))

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(65536):
            writer.write(chunk)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1], names


async def test_a_socks_proxy_gets_names(house: House) -> None:
    async with socks(house.port) as (port, names):
        reach = house.reach(proxy=f"socks5://127.0.0.1:{port}")
        assert (await reach.of("p", ["*"]).get(house.url("/echo"))).ok
        await reach.__aexit__(None, None, None)
    assert (names, house.looked_up) == (["api.test"], ["api.test"])


async def test_a_socks_proxy_that_refuses_is_unavailable(house: House) -> None:
    async with socks(house.port, b"\2") as (port, _):
        reach = house.reach(proxy=f"socks5h://127.0.0.1:{port}")
        with pytest.raises(Unavailable, match=r"api\.test"):
            await reach.of("p", ["*"]).get(house.url("/echo"))


async def test_a_proxy_that_is_away_is_unavailable(house: House, unused_tcp_port: int) -> None:
    for scheme in ("http", "socks5"):
        with pytest.raises(Unavailable):
            await house.http(proxy=f"{scheme}://127.0.0.1:{unused_tcp_port}").get(house.url("/echo"))
