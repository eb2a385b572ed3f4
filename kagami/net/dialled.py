"""The client's half of the WebSocket library, which brings proxies along: loaded with the first bot that is dialled."""

from __future__ import annotations

from websockets.asyncio.client import ClientConnection

from kagami.net.channel import Listening


class ListeningClient(Listening, ClientConnection):
    """A connection that was dialled."""
