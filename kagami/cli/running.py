"""What the engine that runs on a home says of itself; nothing where none runs, or it does not answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kagami.errors import KagamiError
from kagami.home import holder
from kagami.sources import FROM_ENVIRONMENT

if TYPE_CHECKING:
    import msgspec

    from kagami.cli.options import Globals
    from kagami.config import Settings
    from kagami.ports import SettingRow


def online(given: Globals) -> frozenset[str]:
    """The names of the bots that it has online."""
    from kagami.operations.bots import ListBots  # noqa: PLC0415 (loads all operations)

    return frozenset(each.name for each in _ask(given, ListBots()) if each.health.state == "online")


def its_settings(given: Globals) -> dict[str, SettingRow]:
    """What is in force there, by key: its environment may be another than that of who asks."""
    from kagami.operations.settings import ListSettings  # noqa: PLC0415 (loads all operations)

    return {row.key: row for row in _ask(given, ListSettings())}


def unseen(rows: dict[str, SettingRow], settings: Settings) -> list[str]:
    """Keys that its environment gave, and that of who asks did not. The role may have come with the line."""
    return sorted(
        row.key
        for row in rows.values()
        if row.key != "cluster.role"
        and row.origin.startswith(FROM_ENVIRONMENT)
        and settings.origin(row.key) != row.origin
    )


def _ask(given: Globals, request: msgspec.Struct) -> list[Any]:
    if not holder(given.place):
        return []
    from kagami.cli.operations import call  # noqa: PLC0415 (loads all operations)
    from kagami.operations import registry  # noqa: PLC0415

    try:
        return list(asyncio.run(call(registry(), given, request)))
    except KagamiError:
        return []
