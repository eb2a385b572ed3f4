"""The house's way out by HTTP: one session, one guard, limits on time and size.

Every connection goes to addresses that were looked up and judged for it, so that a name which changes its address
gains nothing; redirects are followed here, each judged like the first address. What a proxy connects to is the
proxy's: names are judged by what they are on this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import msgspec

from kagami.errors import Denied
from kagami.net.guard import Guard, Resolve, resolve
from kagami.net.trip import MEGABYTE, MOST_REDIRECTS, Trip, read_proxy, start
from kagami.ports import Http, HttpAnswer

if TYPE_CHECKING:
    from kagami.net.session import HttpSession

SECONDS = 30.0
MOST_SECONDS = 600.0
LARGEST = 32 * MEGABYTE
LARGEST_DOWNLOAD = 512 * MEGABYTE

Permit = Callable[[str], None]
Progress = Callable[[int, int], None]


class HttpReach:
    """Implements `ports.Reach`. `private` and `own` are the guard's.

    Times are seconds, sizes bytes after decompression.
    """

    def __init__(
        self,
        *,
        proxy: str = "",
        private: Collection[str] = (),
        own: tuple[str, int] | None = None,
        seconds: float = SECONDS,
        largest: int = LARGEST,
        lookup: Resolve = resolve,
    ) -> None:
        read_proxy(proxy)
        self._proxy = proxy
        self._guard = Guard(private, lookup, own=own)
        self._seconds = seconds
        self._largest = largest
        self._session: HttpSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def of(self, plugin: str, permissions: Sequence[str]) -> Http:  # noqa: ARG002 - the port's
        return PluginHttp(self, permissions)

    async def request(
        self,
        trip: Trip,
        permit: Permit,
        *,
        seconds: float | None = None,
        largest: int | None = None,
        redirects: int = MOST_REDIRECTS,
    ) -> HttpAnswer:
        """The answer to a request; `permit` raises for hosts that are none of the caller's.

        With no `redirects`, one is an answer like any other.
        """
        patience = min(self._seconds if seconds is None else seconds, MOST_SECONDS)
        return await self._opened().request(
            trip, permit, seconds=patience, largest=largest or self._largest, redirects=redirects
        )

    async def download(
        self, url: str, target: Path, progress: Progress | None = None, *, largest: int = LARGEST_DOWNLOAD
    ) -> None:
        """Into a file, which is whole or not there. It may take any time, but not stand still for 30 s."""
        await self._opened().download(url, target, progress, largest=largest)

    def _opened(self) -> HttpSession:
        if self._session is None:
            from kagami.net.session import HttpSession  # noqa: PLC0415 - it loads the library

            self._session = HttpSession(self._proxy, self._guard)
        return self._session


class PluginHttp:
    """Implements `ports.Http`: the way out of one plugin."""

    def __init__(self, reach: HttpReach, permissions: Sequence[str]) -> None:
        self._reach = reach
        self._words = frozenset(word.lower() for word in permissions)

    async def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        body: bytes | None = None,
        seconds: float | None = None,
    ) -> HttpAnswer:
        if json is not None:
            body = msgspec.json.encode(json)
            headers = {"Content-Type": "application/json"} | dict(headers or {})
        trip = start(method, url, params=params, headers=headers, body=body)
        return await self._reach.request(trip, self._permit, seconds=seconds)

    async def get(self, url: str, *, params: Mapping[str, str] | None = None, **options: Any) -> HttpAnswer:
        return await self.request("GET", url, params=params, **options)

    async def post(self, url: str, *, json: Any = None, **options: Any) -> HttpAnswer:
        return await self.request("POST", url, json=json, **options)

    def _permit(self, host: str) -> None:
        """`http:<host>`, `http:*.example.com` for what is below it, `http:*` or `*`."""
        labels = host.split(".")
        above = {f"http:*.{'.'.join(labels[place:])}" for place in range(1, len(labels))}
        if self._words.isdisjoint(above | {f"http:{host}", "http:*", "*"}):
            raise Denied(scope=f"http:{host}")
