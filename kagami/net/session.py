"""One HTTP session with its guard: connections to judged addresses, redirects followed here, limits on time and size.

What `kagami.net.http` opens at the first request: its library takes a tenth of a start to import.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from kagami import __version__
from kagami.errors import NotReached, Refused, Unavailable
from kagami.net.guard import Guard, Resolve, is_literal, resolve
from kagami.net.oswords import os_words
from kagami.net.trip import MEGABYTE, MOST_REDIRECTS, Trip, read_proxy, start
from kagami.ports import HttpAnswer

CONNECT_SECONDS = 15.0
STALL_SECONDS = 30.0
CONNECTIONS = 100

Permit = Callable[[str], None]
Progress = Callable[[int, int], None]


class HttpSession:
    """What goes out by `proxy`, empty for none, past `guard`. Times are seconds, sizes bytes after decompression."""

    def __init__(self, proxy: str, guard: Guard) -> None:
        self._scheme = read_proxy(proxy)
        self._proxy = proxy
        self._guard = guard
        self._session: aiohttp.ClientSession | None = None
        self._proxy_failures: tuple[type[Exception], ...] = ()

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def request(
        self,
        trip: Trip,
        permit: Permit,
        *,
        seconds: float,
        largest: int,
        redirects: int,
    ) -> HttpAnswer:
        """As `HttpReach.request`."""
        to_connect = aiohttp.ClientTimeout(None, sock_connect=CONNECT_SECONDS)
        with self._told(trip.host, seconds):
            async with asyncio.timeout(seconds), self._follow(trip, permit, to_connect, redirects) as response:
                body = b"".join([chunk async for chunk in _chunks(response, largest)])
                headers = {key.lower(): ", ".join(response.headers.getall(key)) for key in response.headers}
                return HttpAnswer(response.status, headers, body, str(response.url))

    async def download(self, url: str, target: Path, progress: Progress | None, *, largest: int) -> None:
        """As `HttpReach.download`."""
        trip = start("GET", url, headers={"Accept-Encoding": "identity"})
        patience = aiohttp.ClientTimeout(total=None, connect=CONNECT_SECONDS, sock_read=STALL_SECONDS)
        draft = target.with_name(f"{target.name}.{secrets.token_hex(4)}.part")
        try:
            with self._told(trip.host, STALL_SECONDS):
                async with self._follow(trip, _anybody, patience) as response:
                    if response.status != 200:  # noqa: PLR2004 - the one that brings a file
                        raise Unavailable(what=trip.host, reason=f"it answers with HTTP {response.status}")
                    await _pour(response, draft, progress, largest)
            with _on_disk(target):
                await asyncio.to_thread(os.replace, draft, target)
        finally:
            draft.unlink(missing_ok=True)

    @asynccontextmanager
    async def _follow(
        self, trip: Trip, permit: Permit, patience: aiohttp.ClientTimeout, redirects: int = MOST_REDIRECTS
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The answer at the end of all redirects, its body not yet read."""
        first = trip.host
        for _ in range(redirects + 1):
            permit(trip.host)
            await self._judge(trip)
            async with self._opened().request(
                trip.method,
                trip.url,
                headers=trip.headers,
                data=trip.body,
                allow_redirects=False,
                timeout=patience,
                proxy=self._proxy if self._scheme.startswith("http") else None,
            ) as response:
                onward = trip.onward(response.status, response.headers.get("Location")) if redirects else None
                if onward is None:
                    yield response
                    return
            trip = onward
        raise Unavailable(what=first, reason=f"it leads on more than {MOST_REDIRECTS} times")

    async def _judge(self, trip: Trip) -> None:
        """Names that we connect to ourselves are judged by the resolver, with the addresses that are used."""
        if is_literal(trip.host):
            self._guard.check(trip.host, [trip.host], trip.port)
        elif self._scheme:
            with suppress(OSError):
                await self._guard.addresses(trip.host, trip.port)

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=self._connector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": f"Kagami/{__version__}"},
            )
        return self._session

    def _connector(self) -> aiohttp.TCPConnector:
        if self._scheme.startswith("socks"):
            # Only with such a proxy: nobody else needs it.
            from aiohttp_socks import ProxyConnectionError, ProxyConnector, ProxyError, ProxyTimeoutError  # noqa: PLC0415

            self._proxy_failures = (ProxyError, ProxyConnectionError, ProxyTimeoutError)
            proxy = self._proxy.replace("socks5h://", "socks5://")
            return ProxyConnector.from_url(proxy, rdns=True, limit=CONNECTIONS)
        lookup = resolve if self._scheme else self._guard.addresses
        return aiohttp.TCPConnector(resolver=_Resolver(lookup), use_dns_cache=False, limit=CONNECTIONS)

    @contextmanager
    def _told(self, host: str, seconds: float) -> Iterator[None]:
        """What goes wrong on the way, in the house's words."""
        try:
            yield
        # Before the connection, and what protects it, stood: nothing was asked yet.
        except aiohttp.ConnectionTimeoutError:
            raise NotReached(what=host, reason=f"no connection within {CONNECT_SECONDS:g} s") from None
        except TimeoutError:
            raise Unavailable(what=host, reason=f"no answer within {seconds:g} s") from None
        except aiohttp.ClientConnectorCertificateError as error:
            raise NotReached(what=host, reason=os_words(error.certificate_error)) from None
        except aiohttp.ClientConnectorError as error:
            raise NotReached(what=host, reason=os_words(error.os_error)) from None
        # Nothing passes a proxy before it has said yes.
        except aiohttp.ClientHttpProxyError as error:
            raise NotReached(what=host, reason=f"the proxy refuses: {error.message[:200]}") from None
        except self._proxy_failures as error:
            raise NotReached(what=host, reason=f"the proxy: {os_words(error)}") from None
        except aiohttp.ClientResponseError as error:
            raise Unavailable(what=host, reason=error.message) from None
        except (aiohttp.ClientError, OSError) as error:
            raise Unavailable(what=host, reason=os_words(error)) from None
        except ValueError as error:
            raise Refused(reason=f"This cannot be asked by HTTP: {error}") from None


class _Resolver(AbstractResolver):
    """Gives the connector exactly the addresses that were judged."""

    def __init__(self, lookup: Resolve) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._lookup(host, port)
            if family in (socket.AF_UNSPEC, socket.AF_INET6 if ":" in address else socket.AF_INET)
        ]

    async def close(self) -> None:
        """It holds nothing."""


async def _chunks(response: aiohttp.ClientResponse, largest: int) -> AsyncGenerator[bytes, None]:
    """The body in parts, decompressed by at most a few hundred KiB at a time; `Unavailable` when it is too large."""
    size = response.content_length or 0
    if size <= largest:
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > largest:
                break
            yield chunk
    if size > largest:
        host = response.url.raw_host
        raise Unavailable(what=host, reason=f"its answer is larger than {largest / MEGABYTE:g} MB")


async def _pour(response: aiohttp.ClientResponse, draft: Path, progress: Progress | None, largest: int) -> None:
    total = 0 if "Content-Encoding" in response.headers else response.content_length or 0
    done, held = 0, bytearray()
    with _on_disk(draft):
        file = open(draft, "xb", opener=_private)  # noqa: SIM115, ASYNC230 - made at once; filled in threads
    with file:
        async with aclosing(_chunks(response, largest)) as chunks:
            async for chunk in chunks:
                held += chunk
                done += len(chunk)
                if len(held) >= MEGABYTE:
                    with _on_disk(draft):
                        await asyncio.to_thread(file.write, held)
                    held = bytearray()
                if progress is not None:
                    progress(done, total)
        with _on_disk(draft):
            await asyncio.to_thread(_finish, file, held)


@contextmanager
def _on_disk(path: Path) -> Iterator[None]:
    """What fails here is not the other host's fault."""
    try:
        yield
    except OSError as error:
        raise Unavailable(what=str(path.parent), reason=os_words(error)) from None


def _finish(file: BinaryIO, rest: bytearray) -> None:
    file.write(rest)
    file.flush()
    os.fsync(file.fileno())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _anybody(_host: str) -> None:
    """Downloads are the house's own."""
