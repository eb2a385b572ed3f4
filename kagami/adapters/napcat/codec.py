"""NapCat's WebUI without its HTTP: hashes, answers, and the network entries of its OneBot configuration.

A raw call has the name of NapCat's action (`set_msg_emoji_like`, `get_group_msg_history` …) and its parameters.
"""

from __future__ import annotations

from hashlib import md5, sha256
from typing import Any, TypeVar, get_origin
from urllib.parse import parse_qs, quote, urlsplit

import msgspec

from kagami.adapters.napcat.wire import DebugPlace, Envelope
from kagami.adapters.onebot11.codec import Dialect
from kagami.errors import Refused, WireError
from kagami.i18n import mark

T = TypeVar("T")

ENTRY = "kagami"
NAPCAT = Dialect("napcat")
_PAGE = "/webui"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


# --- the WebUI -------------------------------------------------------------------------------------------------------


def login_hash(token: str) -> str:
    """What the WebUI is given in place of its token."""
    return sha256(f"{token}.napcat".encode()).hexdigest()


def password_hash(password: str) -> str:
    """What QQ is given in place of a password."""
    return md5(password.encode(), usedforsecurity=False).hexdigest()


def root(url: str) -> str:
    """Where the WebUI's server is, of any address of it, such as the one of its page."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path.partition(_PAGE)[0].rstrip('/')}"


def debug_url(webui: str, place: DebugPlace) -> str:
    """The WebSocket on which the WebUI speaks OneBot 11. It holds a token."""
    scheme = "wss" if webui.startswith("https") else "ws"
    query = f"adapterName={quote(place.adapterName, safe='')}&token={quote(place.token, safe='')}"
    return f"{scheme}://{root(webui).partition('://')[2]}/api/Debug/ws?{query}"


def read_answer(body: bytes) -> Envelope:
    """`WireError` when it is not the WebUI that has answered."""
    try:
        return msgspec.json.decode(body, type=Envelope)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise WireError(reason=str(error)) from None


def read_data(data: Any, kind: type[T]) -> T:
    """The `data` of an answer; nothing is an empty one."""
    try:
        return msgspec.convert(data or ([] if get_origin(kind) is list else {}), type=kind, strict=False)
    except msgspec.ValidationError as error:
        raise WireError(reason=str(error)) from None


def captcha_sid(url: str) -> str:
    """The session in the address of a captcha."""
    return parse_qs(urlsplit(url).query).get("sid", [""])[0]


# --- its network -----------------------------------------------------------------------------------------------------


def client_entry(url: str, token: str, *, enabled: bool = True) -> dict[str, Any]:
    """An entry of `websocketClients`: NapCat connects to us."""
    return {
        "name": ENTRY,
        "enable": enabled,
        "url": url,
        "token": token,
        "messagePostFormat": "array",
        "reportSelfMessage": False,
        "reconnectInterval": 5000,
        "heartInterval": 30_000,
        "debug": False,
        "verifyCertificate": True,
    }


def server_entry(url: str, token: str) -> dict[str, Any]:
    """An entry of `websocketServers`: NapCat listens where `url` leads to."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return {
        "name": ENTRY,
        "enable": True,
        "host": host if host in _LOOPBACK else "0.0.0.0",  # noqa: S104 - we are told to reach it from outside
        "port": parts.port or (443 if parts.scheme == "wss" else 80),
        "messagePostFormat": "array",
        "reportSelfMessage": False,
        "token": token,
        "enableForcePushEvent": True,
        "heartInterval": 30_000,
        "debug": False,
    }


def with_client(config: dict[str, Any], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The configurations to write, one after the other, until `entry` is among the clients; none when it is there.

    NapCat connects anew only when an entry is new or its address is another one: for a new token the old entry is
    taken away first.
    """
    before = _entries(config, "websocketClients")
    mine = _mine(before)
    if mine is not None and entry.items() <= mine.items():
        return []
    without = [each for each in before if each is not mine]
    written = [_with(config, "websocketClients", [*without, (mine or {}) | entry])]
    if mine is not None and mine.get("url") == entry["url"] and mine.get("token") != entry["token"]:
        written.insert(0, _with(config, "websocketClients", without))
    return written


def with_server(config: dict[str, Any], entry: dict[str, Any]) -> list[dict[str, Any]]:
    """The same for the servers. One with this token is good as it is: its port may have another number outside.

    `Refused` when another entry has the port.
    """
    before = _entries(config, "websocketServers")
    open_now = [each for each in before if each.get("enable")]
    if any(each.get("token", "") == entry["token"] for each in open_now):
        return []
    mine = _mine(before)
    if any(each.get("port") == entry["port"] for each in open_now if each is not mine):
        raise Refused(reason=mark("NapCat listens there already with another token: give bots.token that one."))
    if not entry["token"]:
        raise Refused(reason=mark("NapCat would listen without a token: give bots.token one."))
    without = [each for each in before if each is not mine]
    written = [_with(config, "websocketServers", [*without, (mine or {}) | entry])]
    return [_with(config, "websocketServers", without), *written] if mine is not None else written


def write_config(config: dict[str, Any]) -> str:
    """The body's `config`: a text, not an object."""
    return msgspec.json.encode(config).decode()


def _entries(config: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    network = config.get("network")
    found = network.get(kind) if isinstance(network, dict) else None
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _mine(entries: list[dict[str, Any]]) -> dict[str, Any] | None:
    return next((each for each in entries if each.get("name") == ENTRY), None)


def _with(config: dict[str, Any], kind: str, entries: list[dict[str, Any]]) -> dict[str, Any]:
    network = config.get("network")
    return config | {"network": (network if isinstance(network, dict) else {}) | {kind: entries}}
