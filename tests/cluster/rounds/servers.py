"""PostgreSQL, Redis and a proxy between, for a cluster under test; each only when it is wanted."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Self
from urllib.parse import urlsplit

from kagami.testing.faultproxy import FaultProxy
from kagami.testing.postgres import PostgresServer
from kagami.testing.valkey import Valkey

DATABASE = "kagami"


class Servers:
    """`environment` is what tells a node of them, `detour` what leads it to PostgreSQL through the proxy.

    `durable`: PostgreSQL syncs to disk, as an operator's does; else it lives in memory where there is room.
    """

    def __init__(self, *, postgres: bool = False, redis: bool = False, durable: bool = False) -> None:
        self._stack = AsyncExitStack()
        self._postgres = PostgresServer(fsync=durable) if postgres else None
        self._redis = Valkey() if redis else None
        self._proxy: FaultProxy | None = None
        self.environment: dict[str, str] = {}
        self.detour: dict[str, str] = {}

    @property
    def postgres(self) -> PostgresServer:
        assert self._postgres, "without PostgreSQL"
        return self._postgres

    @property
    def redis(self) -> Valkey:
        assert self._redis, "without Redis"
        return self._redis

    @property
    def proxy(self) -> FaultProxy:
        assert self._proxy, "without PostgreSQL"
        return self._proxy

    @property
    def pids(self) -> list[int]:
        """The first process of each server."""
        found = []
        if self._postgres is not None:
            found.append(int((self._postgres.folder / "data" / "postmaster.pid").read_text("utf-8").split()[0]))
        if self._redis is not None and self._redis._process is not None:
            found.append(self._redis._process.pid)
        return found

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            if self._postgres is not None:
                await self._open_postgres(stack, self._postgres)
            if self._redis is not None:
                await stack.enter_async_context(self._redis)
                self.environment["REDIS_ADDR"] = f"127.0.0.1:{self._redis.port}"
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    async def _open_postgres(self, stack: AsyncExitStack, server: PostgresServer) -> None:
        await asyncio.to_thread(stack.enter_context, server)
        found = urlsplit(await asyncio.to_thread(server.create, DATABASE))
        self._proxy = await stack.enter_async_context(FaultProxy("127.0.0.1", server.port))
        self.environment |= {
            "DB_HOST": found.hostname or "",
            "DB_PORT": str(found.port),
            "DB_NAME": DATABASE,
            "DB_USER": found.username or "",
            "DB_PASSWORD": found.password or "",
        }
        self.detour = {"DB_PORT": str(self._proxy.port)}
