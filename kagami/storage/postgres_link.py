"""One connection to PostgreSQL that is made anew when it was lost, and what the server's errors mean here."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, TypeVar

import asyncpg
import msgspec
from asyncpg import Connection

from kagami.errors import Fenced, RowRefused, StoreClosed, StoreSlow
from kagami.storage.postgres_sql import FENCED

Answer = TypeVar("Answer")
Prepare = Callable[["Connection[Any]"], Awaitable[None]]

CONNECT_SECONDS = 5.0
COMMAND_SECONDS = 10.0
CLOSE_SECONDS = 2.0
# After an attempt in vain, calls fail at once for so long: many that wait must not each try.
RESPITE_SECONDS = 0.25
STATEMENTS = 256
# How often, and after how long at first, what was in another transaction's way is tried again.
TRIES = 5
AGAIN_SECONDS = 0.02
SETTINGS = {
    "default_transaction_isolation": "read committed",
    "statement_timeout": "15s",
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20s",
}
# A peer that is silent is noticed within 25 s. Options that a system does not have are left out.
SOCKET = {"TCP_KEEPIDLE": 10, "TCP_KEEPALIVE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 20_000}

# Classes of SQLSTATE (PostgreSQL's appendix A): values that never fit; and two transactions in each other's way.
_REFUSED = ("22", "23", "54")
_AGAIN = ("40001", "40P01")
_CANCELLED = "57014"
_BURY = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2"
_BEGAN = "SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"


class Again(Exception):
    """The server has rolled a transaction back that may well succeed now."""


_Lost = list[tuple[str, int]]


class Link:
    """One connection, for one call at a time, in the order of the calls. `prepare` runs once on each new connection.

    One that `writes` ends the connection that it lost, which may be about to do what is done again now.
    """

    def __init__(
        self, url: str, name: str, settings: dict[str, str], prepare: Prepare | None = None, *, writes: bool = False
    ) -> None:
        self._url = url
        self._settings = {**SETTINGS, "application_name": f"kagami {name}", **settings}
        self._prepare = prepare
        self._writes = writes
        self._before: tuple[int, Any] | None = None
        self._lock = asyncio.Lock()
        self._connection: Connection[Any] | None = None
        self._respite = 0.0
        self._reason = ""
        self._closed = False
        self.waiting = 0

    async def run(self, work: Callable[[Connection[Any]], Awaitable[Answer]], seconds: float) -> Answer:
        """What `work` makes of the connection. `TimeoutError` when that, or waiting for it, takes longer.

        `StoreClosed`, `StoreSlow`, `RowRefused`, `Fenced`, `Again`. After a time-out or an error of the network the
        connection is given up, and whether the work was done is not known.
        """
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds), self._lock:
                connection = await self.connected()
                try:
                    with translated():
                        return await work(connection)
                except asyncio.CancelledError:
                    self.drop()
                    raise
                except asyncpg.InternalClientError as error:  # it was given up in the middle of an answer
                    self.drop()
                    raise StoreClosed(reason=str(error)) from error
        finally:
            self.waiting -= 1

    async def done(self, work: Callable[[Connection[Any]], Awaitable[Answer]]) -> Answer:
        """As `run`, and again while other transactions are in its way. Too slow is `StoreClosed`, too."""
        for attempt in range(TRIES):
            try:
                return await self.run(work, COMMAND_SECONDS)
            except Again as error:
                reason = str(error)
                await asyncio.sleep(random.uniform(0, AGAIN_SECONDS * 2**attempt))  # noqa: S311 - no secret
            except (TimeoutError, StoreSlow) as error:
                raise StoreClosed(reason="the database does not answer") from error
        raise StoreClosed(reason=reason)

    async def connected(self) -> Connection[Any]:
        """The connection, made anew when there is none. Only inside of `run`, or before it."""
        if self._closed:
            raise StoreClosed(reason="it is closed")
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        clock = asyncio.get_running_loop().time
        if clock() < self._respite:
            raise StoreClosed(reason=self._reason)
        try:
            with translated():
                self._connection = await self._connect()
        except StoreClosed as error:
            self._reason, self._respite = str(error.details["reason"]), clock() + RESPITE_SECONDS
            raise
        return self._connection

    def drop(self) -> None:
        """Give the connection up without a word to the server."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def close(self) -> None:
        self._closed = True
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
                await connection.close(timeout=CLOSE_SECONDS)

    async def _connect(self) -> Connection[Any]:
        try:
            connection = await asyncpg.connect(
                self._url,
                timeout=CONNECT_SECONDS,
                command_timeout=COMMAND_SECONDS,
                statement_cache_size=STATEMENTS,
                max_cached_statement_lifetime=0,
                server_settings=self._settings,
            )
        except ValueError as error:
            raise StoreClosed(reason=f"its address is no URL of PostgreSQL: {error}") from error
        with ExitStack() as stack:
            stack.callback(connection.terminate)
            keep_alive(connection)
            async with asyncio.timeout(COMMAND_SECONDS):
                await self._begin(connection)
            if self._closed:  # meanwhile
                raise StoreClosed(reason="it is closed")
            stack.pop_all()
        return connection

    async def _begin(self, connection: Connection[Any]) -> None:
        if self._writes and self._before is not None:
            await connection.execute(_BURY, *self._before)
        if self._prepare is not None:
            await self._prepare(connection)
        if self._writes:
            self._before = (connection.get_server_pid(), await connection.fetchval(_BEGAN))


def keep_alive(connection: Connection[Any]) -> None:
    """Let the system notice a peer that is gone without a word."""
    found = connection._transport.get_extra_info("socket")  # noqa: SLF001 - the one way to it
    if found is None or found.family not in (socket.AF_INET, socket.AF_INET6):
        return
    found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in SOCKET.items():
        option = getattr(socket, name, None)
        if option is not None:
            found.setsockopt(socket.IPPROTO_TCP, option, value)


@contextmanager
def translated() -> Iterator[None]:
    """The driver's errors as ours."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _ours(error) from error
    except TimeoutError as error:  # the driver's own, of one command
        raise StoreClosed(reason="the database does not answer") from error
    except (asyncpg.InterfaceError, OSError) as error:
        raise StoreClosed(reason=str(error) or type(error).__name__) from error


def _ours(error: asyncpg.PostgresError) -> Exception:
    code = error.sqlstate or ""
    if code == FENCED:
        return Fenced(leases=" ".join(f"{name}@{epoch}" for name, epoch in msgspec.json.decode(str(error), type=_Lost)))
    if code in _AGAIN:
        return Again(str(error))
    if code == _CANCELLED:
        return StoreSlow(seconds=COMMAND_SECONDS)
    if code[:2] in _REFUSED:
        return RowRefused(reason=str(error))
    return StoreClosed(reason=str(error))
