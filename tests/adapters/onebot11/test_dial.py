from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus

import pytest
from websockets.http11 import Request, Response
from websockets.sync.server import ServerConnection, serve

from kagami.adapters.onebot11.config import OneBot11Config
from kagami.adapters.onebot11.dial import dial
from kagami.core.secrets import Secret
from kagami.ports import Finding

TOKEN = "k3y-0f-a-b0t"
EVENT = {"post_type": "meta_event", "meta_event_type": "heartbeat", "self_id": 1, "time": 1}
REFUSED = {"status": "failed", "retcode": 1403, "data": None, "message": "token验证失败", "echo": None}


@contextmanager
def implementation(speak: Callable[[ServerConnection], None]) -> Iterator[str]:
    """A OneBot implementation that listens; the address of its WebSocket."""

    def check(connection: ServerConnection, request: Request) -> Response | None:
        if request.path != "/":
            return connection.respond(HTTPStatus.NOT_FOUND, "")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        return None

    with serve(speak, "127.0.0.1", 0, process_request=check) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


def answer(connection: ServerConnection) -> None:
    echo = json.loads(connection.recv())["echo"]
    connection.send(json.dumps(EVENT))
    data = {"user_id": 10001, "nickname": "n"}
    connection.send(json.dumps({"status": "ok", "retcode": 0, "data": data, "echo": echo}))


def refuse(connection: ServerConnection) -> None:
    connection.send(json.dumps(REFUSED))


def stay_silent(connection: ServerConnection) -> None:
    connection.recv()
    connection.close()


def last(url: str, token: str = TOKEN) -> Finding:
    return list(dial(OneBot11Config(url=url, token=Secret(token)), "bot", str))[-1]


def test_a_sound_bot_tells_its_account() -> None:
    with implementation(answer) as url:
        assert last(url) == Finding("ok", "bot", "it is account 10001")


@pytest.mark.parametrize(
    ("speak", "path", "token", "words"),
    [
        (answer, "", "wrong", "refuses the token (HTTP status 401)"),
        (answer, "", "", "refuses the token (HTTP status 401)"),
        (answer, "/other", TOKEN, "refuses the upgrade (HTTP status 404)"),
        (refuse, "", TOKEN, "refuses the token: "),
        (stay_silent, "", TOKEN, "does not tell its account"),
    ],
)
def test_what_stands_in_the_way_is_named(
    speak: Callable[[ServerConnection], None], path: str, token: str, words: str
) -> None:
    with implementation(speak) as url:
        found = last(url + path, token)
    assert (found.state, bool(found.fix)) == ("bad", True)
    assert words in found.text


def test_a_silent_port_is_named(unused_tcp_port: int) -> None:
    found = last(f"ws://127.0.0.1:{unused_tcp_port}")
    assert (found.state, f"nothing answers on port {unused_tcp_port}" in found.text) == ("bad", True)


def test_a_port_of_another_kind_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4_096)
                peer.sendall(b"220 mail\r\n\r\n")

        thread = threading.Thread(target=hang_up)
        thread.start()
        found = last(f"ws://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert (found.state, "does not speak WebSocket" in found.text) == ("bad", True)


def test_a_name_without_an_address_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    found = last("ws://bot.invalid:1")
    assert (found.state, "the name bot.invalid has no address" in found.text) == ("bad", True)


def test_no_finding_shows_the_token() -> None:
    with implementation(refuse) as url:
        assert TOKEN not in str(list(dial(OneBot11Config(url=url, token=Secret(TOKEN)), "bot", str)))
