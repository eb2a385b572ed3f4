"""A platform's HTTP interface: requests with the account's own headers, and media from where it keeps them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from kagami.errors import Refused, Unavailable
from kagami.net.http import LARGEST_DOWNLOAD, HttpReach
from kagami.net.trip import MEGABYTE, MOST_REDIRECTS, start
from kagami.ports import HttpAnswer

SECONDS = 30.0
LARGEST_ANSWER = 16 * MEGABYTE
LARGEST_MEDIUM = 100 * MEGABYTE


class Part(NamedTuple):
    """One field of a form; a file when it has a `filename`."""

    name: str
    content: bytes
    filename: str = ""
    kind: str = "application/octet-stream"


class Api:
    """`async with Api(...)`. Paths are below `base`; whole addresses may be given too.

    The host of `base` with its port, and hosts of `private`, may be anywhere, all others only on the internet.
    `NotReached` when nothing of a request went out, `Unavailable` when its answer did not come. Any status is an
    answer: also a redirect, but for a GET. What else was asked may have been done by who answers so, and what it
    holds is for no other host.
    """

    def __init__(
        self, base: str, *, proxy: str = "", private: Collection[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self.base = base.rstrip("/")
        self.headers = dict(headers or {})
        home = start("GET", base)
        own = (home.host, home.port)
        self._reach = HttpReach(proxy=proxy, private=private, own=own, seconds=SECONDS, largest=LARGEST_ANSWER)
        self._strangers = HttpReach(proxy=proxy, private=private, seconds=SECONDS)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._reach.__aexit__(kind, error, trace)
        finally:
            await self._strangers.__aexit__(kind, error, trace)

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Sequence[Part] = (),
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        seconds: float | None = None,
        largest: int | None = None,
    ) -> HttpAnswer:
        """One request. `json` and `form` are written as what they are; `Refused` for what no JSON can be made of."""
        more = dict(self.headers)
        if json is not None:
            body, more["Content-Type"] = _encode(json), "application/json; charset=utf-8"
        elif form:
            body, more["Content-Type"] = write_form(form)
        url = path if "://" in path else f"{self.base}{path}"
        trip = start(method, url, params=params, headers=more | dict(headers or {}), body=body)
        redirects = MOST_REDIRECTS if trip.method == "GET" else 0
        return await self._reach.request(trip, _anywhere, seconds=seconds, largest=largest, redirects=redirects)

    async def fetch(
        self, url: str, *, headers: Mapping[str, str] | None = None, largest: int = LARGEST_MEDIUM, own: bool = True
    ) -> bytes:
        """A medium, without the account's headers; `Unavailable` unless it comes whole.

        An address that is not the platform's `own` word gains nothing by the host of `base`.
        """
        trip = start("GET", url, headers=dict(headers or {}))
        reach = self._reach if own else self._strangers
        answer = await reach.request(trip, _anywhere, seconds=120.0, largest=min(largest, LARGEST_DOWNLOAD))
        if not answer.ok:
            raise Unavailable(what=trip.host, reason=f"it answers with HTTP {answer.status}")
        return answer.body


def write_form(parts: Sequence[Part], boundary: str = "") -> tuple[bytes, str]:
    """A `multipart/form-data` body (RFC 7578) and its `Content-Type`."""
    boundary = boundary or secrets.token_hex(16)
    lines: list[bytes] = []
    for part in parts:
        said = f'form-data; name="{_quoted(part.name)}"'
        head = f"--{boundary}\r\nContent-Disposition: {said}"
        if part.filename:
            head += f'; filename="{_quoted(part.filename)}"\r\nContent-Type: {part.kind}'
        lines += [f"{head}\r\n\r\n".encode("utf-8", "replace"), part.content, b"\r\n"]
    lines.append(f"--{boundary}--\r\n".encode())
    return b"".join(lines), f"multipart/form-data; boundary={boundary}"


def _encode(content: Any) -> bytes:
    """As JSON. What it cannot say, such as the half of a character, comes from plugins."""
    try:
        return msgspec.json.encode(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise Refused(reason=f"This cannot be written as JSON: {error}") from None


def _quoted(name: str) -> str:
    """As browsers write it: https://html.spec.whatwg.org/#multipart-form-data."""
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")


def _anywhere(_host: str) -> None:
    """The guard judges; the platform's hosts are many."""
