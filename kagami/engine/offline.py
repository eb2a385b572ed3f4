"""Operations on a home that no engine runs on: those that need nothing but what is kept there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.engine.backups import HomeBackups
from kagami.engine.live import Live
from kagami.engine.people import open_people
from kagami.engine.privacy import open_privacy
from kagami.engine.tools import Tools, open_logs
from kagami.errors import EngineAway
from kagami.home import Home, hold
from kagami.meters import Meters
from kagami.model.principal import CONSOLE
from kagami.operations.facts import StagedFacts
from kagami.operations.registry import Registry
from kagami.ports import Connection, Parts


class Absent:
    """Stands for a part that only a running engine has; whoever asks it for anything is told that there is none."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def __getattr__(self, name: str) -> NoReturn:
        raise EngineAway(address=self._home.socket)


async def call_offline(settings: Settings, operations: Registry, request: msgspec.Struct) -> Any:
    """Run an operation that is `offline` for whoever sits at this machine's console, with the home held meanwhile.

    `EngineAway` when nothing is kept there yet, `HomeBusy` when an engine was faster.
    """
    if not _is_kept(settings):
        raise EngineAway(address=settings.home.socket)
    with hold(settings.home):
        async with open_parts(settings, operations) as parts:
            return await operations.call(parts, CONSOLE, request)


def _is_kept(settings: Settings) -> bool:
    from kagami.storage.store import database_path, is_postgres  # noqa: PLC0415

    return is_postgres(settings.database) or Path(database_path(settings.database)).exists()


@asynccontextmanager
async def open_parts(settings: Settings, operations: Registry) -> AsyncIterator[Parts]:
    """What there is without an engine: the store, the log's files, and the people."""
    from kagami.engine.upgrading import open_home_store  # noqa: PLC0415

    clock, meters, ring = SystemClock(), Meters(), log.Ring()
    absent: Any = Absent(settings.home)
    async with AsyncExitStack() as stack:
        logs = await open_logs(stack, settings, ring, clock)
        store = await stack.enter_async_context(open_home_store(settings, clock, meters))
        privacy = open_privacy(stack, settings)
        tools = Tools(
            Live(settings), clock, meters, absent, store, operations, ring, logs, absent, absent, privacy, absent
        )
        here: dict[str, Any] = {
            "clock": clock,
            "meters": meters,
            "ring": ring,
            "logs": logs,
            "store": store,
            "backups": HomeBackups(lambda: settings, clock),
            "privacy": privacy,
            "people": await open_people(tools),
            "facts": StagedFacts(store),
            "connection": lambda: Connection("", ""),
        }
        names = [each.name for each in fields(Parts) if each.name != "who"]
        yield Parts(**{name: here.get(name, absent) for name in names})
