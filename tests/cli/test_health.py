from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from kagami.cli.health import ask_health
from kagami.errors import EngineAway, StoreClosed
from kagami.home import Home
from tests.cli.conftest import Doubles


def test_a_sound_engine_is_ready(home: Home, engine: Doubles) -> None:
    ready, told = ask_health(home.socket)
    assert (ready, told["state"]) == (True, "ok")


def test_a_failed_engine_is_unready(home: Home, engine: Doubles) -> None:
    engine.store.broken = StoreClosed(reason="r")
    ready, told = ask_health(home.socket)
    assert (ready, told["components"]["store"]["state"]) == (False, "failed")


def test_no_engine_is_away(home: Home) -> None:
    with pytest.raises(EngineAway):
        ask_health(home.socket)


@pytest.mark.parametrize("said", [b"", b"what?\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n?"])
def test_something_else_is_no_engine(tmp_path: Path, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def answer() -> None:
            peer, _ = listener.accept()
            with peer:
                peer.recv(4_096)
                peer.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(EngineAway):
            ask_health(tmp_path / "s")
        thread.join()
