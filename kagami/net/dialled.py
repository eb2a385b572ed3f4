"""The client's half of the WebSocket library, which brings proxies along: loaded with the first bot that is dialled."""

from __future__ import annotations

import ssl
from functools import cache

from websockets.asyncio.client import ClientConnection

from kagami.net.channel import Listening


class ListeningClient(Listening, ClientConnection):
    """A connection that was dialled."""


@cache
def tls() -> ssl.SSLContext:
    """What all connections trust. Each by itself would read the system's authorities: 2 MiB, and the loop's time."""
    return ssl.create_default_context()
