"""Where the long connection is, and what a refusal of it means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from kagami.adapters.feishu.wire import Answer, ClientConfig, Endpoint, shaped
from kagami.errors import CredentialsRefused, Crowded, Unavailable, WireError
from kagami.ports import HttpAnswer

FORBIDDEN, AUTH_FAILED, NO_CREDENTIAL, CROWDED = 403, 514, 1000040344, 1000040350
REASONS = {
    FORBIDDEN: "the application may not use the long connection: enable it under Events and Callbacks",
    AUTH_FAILED: "app_id or app_secret is wrong",
    NO_CREDENTIAL: "app_id or app_secret is missing",
}
PEER = "Feishu"


class Place(NamedTuple):
    """`url` holds a ticket and is shown to nobody. `service` is said in every ping."""

    url: str
    service: int
    config: ClientConfig


def read_endpoint(answer: HttpAnswer, *, plain: bool) -> Place:
    """`CredentialsRefused`, `Crowded`, or `Unavailable` when it is worth another try.

    `plain` allows an address without TLS, where the platform was asked without it too.
    """
    try:
        told = shaped(answer.body, Answer)
        if told.code == CROWDED:
            raise Crowded(what=PEER, reason="the application has too many connections already")
        if told.code in REASONS:
            raise CredentialsRefused(peer=PEER, reason=f"{REASONS[told.code]} (code {told.code})")
        if told.code:
            raise Unavailable(what=PEER, reason=f"{told.msg[:200]} (code {told.code})")
        endpoint = shaped(told.data, Endpoint)
    except WireError:
        raise Unavailable(what=PEER, reason=f"it names no address (HTTP {answer.status})") from None
    return Place(endpoint.url, _service(endpoint.url, plain), endpoint.config or ClientConfig())


def _service(url: str, plain: bool) -> int:
    try:
        parts = urlsplit(url)
        service = int(parse_qs(parts.query).get("service_id", ["0"])[0])
    except ValueError:
        raise Unavailable(what=PEER, reason="the address of the long connection is none") from None
    if parts.scheme != "wss" and not (plain and parts.scheme == "ws"):
        raise Unavailable(what=PEER, reason="the long connection would not be encrypted")
    return service


def read_handshake(headers: Mapping[str, str]) -> str:
    """Why the connection itself was refused; empty when it does not say. Raises as `read_endpoint` does."""
    status, said = headers.get("handshake-status", ""), headers.get("handshake-msg", "")[:200]
    if headers.get("handshake-autherrcode", "") == str(CROWDED):
        raise Crowded(what=PEER, reason="the application has too many connections already")
    if status == str(FORBIDDEN):
        raise CredentialsRefused(peer=PEER, reason=f"{REASONS[FORBIDDEN]} (code {status})")
    return f"refused: {said or 'no reason given'} (code {status})" if status else ""
