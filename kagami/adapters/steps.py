"""The first steps to an address that is tried from outside the engine: its name, then its port."""

from __future__ import annotations

import socket
from typing import NamedTuple
from urllib.parse import urlsplit

from kagami.i18n import Translate
from kagami.net.oswords import os_words
from kagami.ports import Finding

PATIENCE_S = 10.0
_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80, "socks4": 1080, "socks5": 1080, "socks5h": 1080}


class Place(NamedTuple):
    host: str
    port: int


def place_of(url: str) -> Place:
    parts = urlsplit(url)
    return Place(parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443))


def look_up(place: Place, subject: str, t: Translate, *, fix: str) -> Finding:
    """Whether the host has an address, and which; else what to do about it is `fix`."""
    try:
        addresses = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:  # among them: a name that no name server could have
        return Finding("bad", subject, t("the name {} has no address ({})").format(place.host, os_words(error)), fix)
    return Finding("ok", subject, t("{} has the address {}").format(place.host, addresses[0][4][0]))


def knock(place: Place, subject: str, t: Translate, *, fix: str) -> Finding | None:
    """What is wrong when nobody takes a connection there; nothing when somebody does."""
    try:
        socket.create_connection(place, PATIENCE_S).close()
    except OSError as error:
        text = t("nothing answers on port {} ({})").format(place.port, os_words(error))
        return Finding("bad", subject, text, fix)
    return None
