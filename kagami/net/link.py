"""An outgoing WebSocket that is kept up: one connection at a time, for as long as the account is configured."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from websockets.exceptions import (
    InvalidMessage,
    InvalidProxy,
    InvalidStatus,
    InvalidURI,
    ProxyError,
    WebSocketException,
)

from kagami import log
from kagami.clock import Clock
from kagami.core.backoff import Backoff, Budget, Randomness
from kagami.core.handshake import is_loopback
from kagami.errors import CredentialsRefused, KagamiError, NotReached, Refused, Unavailable
from kagami.meters import Meters
from kagami.net.channel import CLOSE_SECONDS, MAX_FRAME_BYTES, Channel
from kagami.net.oswords import os_words
from kagami.net.supervise import Nursery
from kagami.ports import BotState

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

OPEN_SECONDS = 10.0
PING_SECONDS = 20.0
CAP_SECONDS = 60.0
CAP_LOOPBACK_SECONDS = 30.0
REFUSALS = 3
GOING_AWAY = 1001
NO_HTTP = "what answers there does not speak HTTP"
UNAUTHORIZED = frozenset({401, 403})

_say = log.get("link")

Serve = Callable[[Channel], Awaitable[None]]
Tell = Callable[[BotState, str], None]
Where = Callable[[], Awaitable[str]]
Turn = Callable[[], Awaitable[None]]
Judge = Callable[[int, Mapping[str, str]], str]


class Again(Exception):
    """Raised by who serves a connection that has ended as it should: the next one is opened without a pause."""


class NobodyThereError(Exception):
    """An attempt came to nobody: nothing listens there, no way leads there, or there was no answer in time."""


class Link:
    """Dials `url`, hands the connection over, and dials again when it has ended. Where the address is another one each
    time, `where` is asked for it: it may raise `CredentialsRefused`, or another error to be asked again later. `judge`
    is told with which status and headers a connection was refused: it returns why, or raises `CredentialsRefused`.
    `turn` ends when it may dial.

    Pauses are full jitter from 1 s to 60 s (30 s on this machine), from the start again only after 60 s of health, and
    within a budget, which protects accounts: attempts that come to nobody are not counted, and what is not `metered`
    has none, because it is no platform's. A peer that refuses the token three times running is left alone: trying on
    cannot help. `tell` hears of every state that is not a connection. `generation` counts the connections.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str,
        clock: Clock,
        nursery: Nursery,
        meters: Meters,
        tell: Tell,
        where: Where | None = None,
        judge: Judge | None = None,
        proxy: str = "",
        headers: Mapping[str, str] | None = None,
        turn: Turn | None = None,
        opens_s: float = OPEN_SECONDS,
        metered: bool = True,
        randomness: Randomness = random.random,
    ) -> None:
        self._url = url
        self._turn = turn
        self._opens_s = opens_s
        self._where = where
        self._judge = judge
        self._proxy = proxy or None
        self._headers = dict(headers or {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        self._clock = clock
        self._nursery = nursery
        self._meters = meters
        self._tell = tell
        self._address = show_url(url)
        cap = CAP_LOOPBACK_SECONDS if is_loopback(urlsplit(url).hostname or "") else CAP_SECONDS
        self._backoff = Backoff(randomness, cap=cap)
        self._budget = Budget()
        self._metered = metered
        self._resting: asyncio.Task[None] | None = None
        self._hurried = False
        self.generation = 0

    async def run(self, serve: Serve) -> None:
        """Until cancelled. `serve` gets each connection and returns, or raises `EOFError`, when it has ended."""
        refusals = 0
        while True:
            await self._pause(self._budget.wait(self._clock.monotonic()), "dialled too often")
            if self._turn is not None:
                await self._turn()
            began = self._clock.monotonic()
            try:
                reason = await self._connect(serve)
                refusals = 0
            except NobodyThereError as error:
                await self._rest(self._backoff.delay(), str(error))
                continue
            except Again:
                self._spend(began)
                refusals = 0
                continue
            except CredentialsRefused as refusal:
                reason = refusal.text()
                refusals += 1
            self._spend(began)
            if refusals >= REFUSALS:
                break
            await self._rest(self._backoff.delay(), reason)
        self._tell("auth_failed", reason)
        _say.error("credentials refused, not trying again", peer=self._address, reason=reason)
        await asyncio.get_running_loop().create_future()

    def _spend(self, began: float) -> None:
        if self._metered:
            self._budget.spend(began)

    async def _pause(self, seconds: float, reason: str) -> None:
        if seconds > 0:
            self._tell("backoff", f"{reason}; next try in {seconds:.0f} s")
            await self._clock.sleep(seconds)

    def hurry(self) -> None:
        """Dial now: what stood in the way is gone. The budget counts all the same."""
        if self._resting is not None:
            self._hurried = True
            self._resting.cancel()

    async def _rest(self, seconds: float, reason: str) -> None:
        """A pause that may be cut short."""
        self._hurried = False
        resting = self._resting = self._nursery.start(f"pause of {self._address}", self._pause(seconds, reason))
        try:
            await asyncio.wait([resting])
        finally:
            self._resting = None
            resting.cancel()
        if resting.cancelled() and not self._hurried:  # everything ends, and the pause was first
            raise asyncio.CancelledError

    async def _connect(self, serve: Serve) -> str:
        """One connection from the first packet to the last; returns why it ended or was never there."""
        self._tell("connecting", "")
        self._meters.count["link_attempts", self._address] += 1
        try:
            connection = await self._open()
        except InvalidStatus as error:
            return self._refused(error)
        except (Unavailable, Refused, OSError, WebSocketException, UnicodeError) as error:
            if is_nobody(error):
                raise NobodyThereError(self._reason(error)) from error
            return self._reason(error)
        self.generation += 1
        return await self._hand_over(serve, Channel(connection, nursery=self._nursery, meters=self._meters))

    async def _open(self) -> ClientConnection:
        from websockets.asyncio.client import connect  # noqa: PLC0415 (not where bots dial us)

        from kagami.net.dialled import ListeningClient, tls  # noqa: PLC0415

        url = self._url if self._where is None else await self._where()
        trust: dict[str, Any] = {"ssl": tls()} if url.lower().startswith("wss:") else {}
        return await connect(
            url,
            **trust,
            create_connection=ListeningClient,
            additional_headers=self._headers,
            compression=None,
            proxy=self._proxy,
            open_timeout=self._opens_s,
            close_timeout=CLOSE_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_size=MAX_FRAME_BYTES,
        )

    def _reason(self, error: Exception) -> str:
        match error:
            case KagamiError():
                return error.text()
            case TimeoutError():
                return f"no answer within {self._opens_s:g} s"
            case InvalidURI() | InvalidProxy():  # as text they quote it, with whatever is secret in it
                return f"{self._address} cannot be dialled: {error.msg}"
            case InvalidMessage():
                return NO_HTTP
        return os_words(error)

    def _refused(self, error: InvalidStatus) -> str:
        """Why the peer did not want the connection; `CredentialsRefused` when that will not change by itself."""
        status = error.response.status_code
        if self._judge is not None and (reason := self._judge(status, error.response.headers)):
            return reason
        if status in UNAUTHORIZED:
            raise CredentialsRefused(peer=self._address, reason=f"HTTP {status}") from None
        return f"refused with HTTP {status}"

    async def _hand_over(self, serve: Serve, channel: Channel) -> str:
        opened = self._clock.monotonic()
        try:
            await serve(channel)
        except (EOFError, ConnectionError) as ending:
            return str(ending)
        finally:
            lived = self._clock.monotonic() - opened
            self._backoff.lived(lived)
            self._budget.lived(lived)
            await channel.close(GOING_AWAY, "")
        return "closed"


def is_nobody(error: Exception) -> bool:
    """Whether not even a connection came about; a proxy that answers instead is not who was meant."""
    if isinstance(error, ProxyError | NotReached):
        return True
    begun = isinstance(error, WebSocketException | UnicodeError | ssl.SSLError | KagamiError)
    broken = isinstance(error, ConnectionResetError | ConnectionAbortedError | BrokenPipeError)
    return not begun and not broken


def show_url(url: str) -> str:
    """Host and port of an address, without what may be secret in it."""
    return urlsplit(url).netloc.rpartition("@")[2]
