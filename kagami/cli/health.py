"""`kagami health`: one question to the home's socket, loading nothing that a probe every few seconds would pay for."""

from __future__ import annotations

import socket
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import msgspec

from kagami.errors import EngineAway

PATIENCE_S = 5.0


class LocalConnection(HTTPConnection):
    """HTTP over a local socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=PATIENCE_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def ask_health(path: Path) -> tuple[bool, dict[str, Any]]:
    """Whether the engine at the socket `path` is ready, and its words on its parts; `EngineAway` when it is silent."""
    connection = LocalConnection(path)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        told = msgspec.json.decode(response.read(), type=dict[str, Any])
    except (OSError, HTTPException, msgspec.MsgspecError) as error:
        raise EngineAway(address=path) from error
    finally:
        connection.close()
    return response.status == HTTPStatus.OK, told
