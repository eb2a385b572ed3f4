from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kagami.adapters.telegram.config import TelegramConfig
from kagami.adapters.telegram.dial import dial
from kagami.core.secrets import Secret
from kagami.ports import Finding
from kagami.testing.telegram import BOT, TOKEN, TelegramServer, open_telegram


@contextmanager
def serving() -> Iterator[TelegramServer]:
    """The fake server in a thread of its own: `dial` blocks its caller."""
    ready, loop = threading.Event(), asyncio.new_event_loop()
    found: list[TelegramServer] = []
    stop = asyncio.Event()

    async def serve() -> None:
        async with open_telegram() as server:
            found.append(server)
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    ready.wait(5)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


def found(url: str, *, token: str = TOKEN, proxy: str = "") -> list[Finding]:
    return list(dial(TelegramConfig(token=Secret(token), api_url=url, proxy=proxy), "bot", str))


def test_a_sound_bot_tells_its_account() -> None:
    with serving() as server:
        assert found(server.url)[-1] == Finding("ok", "bot", f"it is account {BOT} (@KagamiTestBot)")


def test_a_token_that_is_wrong_is_named_and_not_shown() -> None:
    with serving() as server:
        findings = found(server.url, token=f"{BOT}:wrong-one")
    assert (findings[-1].state, "it refuses the token: Unauthorized (401)" in findings[-1].text) == ("bad", True)
    assert "bots.token" in findings[-1].fix
    assert "wrong-one" not in str(findings)


def test_a_server_that_has_no_time_is_named() -> None:
    with serving() as server:
        server.limit(9)
        server.faults[0] = ("getme", server.faults[0][1])
        last = found(server.url)[-1]
    assert (last.state, "does not answer" in last.text, bool(last.fix)) == ("bad", True, True)


@pytest.mark.parametrize("key", ["api_url", "proxy"])
def test_a_silent_port_is_named(unused_tcp_port: int, key: str) -> None:
    silent = f"http://127.0.0.1:{unused_tcp_port}"
    last = (found(silent) if key == "api_url" else found("https://api.telegram.test", proxy=silent))[-1]
    assert (last.state, f"nothing answers on port {unused_tcp_port}" in last.text) == ("bad", True)
    assert "proxy" in last.fix


def test_what_is_not_the_bot_api_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for _ in range(2):  # the first one only tries the port
                peer, _address = listener.accept()
                with peer:
                    peer.recv(4_096)
                    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        thread = threading.Thread(target=serve)
        thread.start()
        last = found(f"http://127.0.0.1:{listener.getsockname()[1]}")[-1]
        thread.join()
    assert (last.state, "none of the Bot API" in last.text) == ("bad", True)


def test_a_name_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    last = found("http://bot.invalid:1")[-1]
    assert (last.state, "the name bot.invalid has no address" in last.text) == ("bad", True)
