"""Values of plugins. They are written through the ledger, together with the events that caused them."""

from __future__ import annotations

from kagami.storage.engine import Engine


async def get(engine: Engine, plugin: str, key: str) -> str | None:
    """JSON text."""
    rows = await engine.fetch("plugin_value", {"plugin": plugin, "key": key})
    return str(rows[0][0]) if rows else None


async def items(engine: Engine, plugin: str, prefix: str) -> dict[str, str]:
    """JSON texts by key, in order of the keys' code points."""
    return {
        str(key): str(value) for key, value in await engine.fetch("plugin_items", {"plugin": plugin, "prefix": prefix})
    }


async def keys(engine: Engine, plugin: str, prefix: str) -> list[str]:
    """In order of their code points."""
    return [str(key) for (key,) in await engine.fetch("plugin_keys", {"plugin": plugin, "prefix": prefix})]
