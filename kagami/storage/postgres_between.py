"""What processes that share a database ask of each other: leases, what is open, what is to be sent.

Beside the writer, where a small question would wait for each batch before it. It comes often and is always the same,
so that the server plans it once: its tables are looked up by their indexes, however small they were at that moment.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asyncpg import Connection

from kagami.errors import StoreClosed, StoreSlow
from kagami.storage.engine import Params
from kagami.storage.postgres_link import COMMAND_SECONDS, Again, Link
from kagami.storage.postgres_sql import Prepared, question

PLANNED = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off"}
READING = PLANNED | {"default_transaction_read_only": "on"}


class Between:
    """Implements `engine.Questions`."""

    def __init__(self, url: str) -> None:
        self._claims = Link(url, "claims", PLANNED, _durable, writes=True)
        self._looks = Link(url, "looks", READING)

    async def ask(self, query: str, params: Params | None = None) -> list[list[Any]]:
        return await self._claims.done(_asking(query, params))

    async def fetch(self, query: str, params: Params | None = None) -> list[list[Any]]:
        work = _asking(query, params)
        try:
            try:
                return await self._looks.run(work, COMMAND_SECONDS)
            except StoreClosed:  # the server was begun anew since: reading does no harm twice
                return await self._looks.run(work, COMMAND_SECONDS)
        except TimeoutError as error:
            raise StoreSlow(seconds=COMMAND_SECONDS) from error
        except Again as error:
            raise StoreClosed(reason=str(error)) from error

    async def close(self) -> None:
        await self._claims.close()
        await self._looks.close()


def _asking(query: str, params: Params | None) -> Callable[[Connection[Any]], Awaitable[list[list[Any]]]]:
    asked, given = question(query), params or {}
    return lambda connection: fetched(connection, asked, given)


async def fetched(connection: Connection[Any], asked: Prepared, params: Params) -> list[list[Any]]:
    return [list(row) for row in await connection.fetch(asked.sql, *asked.values(params))]


async def _durable(connection: Connection[Any]) -> None:
    """What was claimed must not be forgotten by a server that crashes."""
    await connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
