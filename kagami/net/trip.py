"""One request as it is at one hop, and what becomes of it when the answer leads on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from yarl import URL

from kagami.errors import Refused, Unavailable
from kagami.net.guard import read_host

MEGABYTE = 1024 * 1024
MOST_REDIRECTS = 5
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# They say how the bytes travel, or whom they are for: that is the house's.
_OURS = frozenset(
    {"host", "connection", "content-length", "expect", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade"}
)
# What another host may know; keys and tokens have names of their own everywhere, so that these are listed instead.
_HARMLESS = frozenset(
    {"accept", "accept-language", "accept-encoding", "content-type", "range", "user-agent", "cache-control"}
)
# Names by RFC 9110, 5.1; control characters and lone surrogates belong into no value.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_SEE_OTHER = 303
_ONWARD = frozenset({301, 302, _SEE_OTHER, 307, 308})
# After which of them a method becomes GET, as browsers do it; after 303 alone when it is not named here.
_TO_GET: dict[str, tuple[int, ...]] = {"POST": (301, 302, _SEE_OTHER), "HEAD": ()}


class Trip(NamedTuple):
    method: str
    url: URL
    headers: dict[str, str]
    body: bytes | None = None

    @property
    def host(self) -> str:
        return self.url.raw_host or ""

    @property
    def port(self) -> int:
        return self.url.port or 0

    def onward(self, status: int, place: str | None) -> Trip | None:
        """Where an answer with this `Location` leads; None when it is the last one."""
        if status not in _ONWARD or place is None:
            return None
        try:
            url = read_url(self.url.join(URL(place)))
        except (ValueError, Refused) as error:
            raise Unavailable(what=self.host, reason=f"it leads to no address: {error}") from None
        trip = self._as_get() if status in _TO_GET.get(self.method, (_SEE_OTHER,)) else self
        if url.origin() != self.url.origin():
            trip = trip._replace(headers={key: each for key, each in trip.headers.items() if key.lower() in _HARMLESS})
        return trip._replace(url=url)

    def _as_get(self) -> Trip:
        kept = {key: value for key, value in self.headers.items() if key.lower() != "content-type"}
        return Trip("GET", self.url, kept)


def start(
    method: str,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Trip:
    """The first hop; `Refused` for what is no address, no method, or a header that is not the caller's to set."""
    if method.upper() not in METHODS:
        raise Refused(reason=f"{method[:20]!r} is no method of HTTP.")
    _check_headers(headers or {})
    try:
        whole = URL(url)
        whole = whole.extend_query(params) if params else whole
    except (ValueError, TypeError) as error:
        raise Refused(reason=f"This is no address: {error}") from None
    return Trip(method.upper(), read_url(whole), dict(headers or {}), body)


def _check_headers(headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        if name.lower() in _OURS or name.lower().startswith("proxy-"):
            raise Refused(reason=f"The header {name[:40]!r} is set by Kagami.")
        # Other readers take `Connection ` for `Connection`.
        if _TOKEN.fullmatch(name) is None or _UNSENDABLE.search(value):
            raise Refused(reason=f"{name[:40]!r} is no header that can be sent.")


def read_url(url: URL) -> URL:
    """An address with its host in plain form and without a fragment; `Refused` when it is none of HTTP."""
    if url.scheme not in ("http", "https") or not url.raw_host:
        raise Refused(reason="Addresses begin with http:// or https:// and a host.")
    if url.raw_user is not None or url.raw_password is not None:
        raise Refused(reason="An address holds no user and password: give them in a header.")
    return url.with_host(read_host(url.raw_host)).with_fragment(None)


def read_proxy(proxy: str) -> str:
    """`http`, `https`, `socks4` or `socks5` of a proxy's address, empty for none; `Refused` for any other."""
    if not proxy:
        return ""
    try:
        parts = urlsplit(proxy.replace("socks5h://", "socks5://"))
        whole = bool(parts.hostname and parts.port)
    except ValueError:
        whole = False
    if not whole or parts.scheme not in ("http", "https", "socks4", "socks5"):
        raise Refused(reason="plugins.http.proxy is one of http://, https:// and socks5:// with a host and a port.")
    return parts.scheme
