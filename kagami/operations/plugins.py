"""Plugins."""

from __future__ import annotations

from kagami.operations.registry import Request, operation
from kagami.ports import Parts, PluginRow, ReloadRow


class ListPlugins(Request, frozen=True):
    pass


class Reload(Request, frozen=True):
    """One plugin, or all of them when empty."""

    plugin: str = ""


@operation("plugins.list", "plugins:read")
async def list_plugins(parts: Parts, request: ListPlugins) -> list[PluginRow]:  # noqa: ARG001
    """Plugins with their version and state."""
    return parts.plugins.rows()


@operation("plugins.reload", "plugins:write")
async def reload(parts: Parts, request: Reload) -> list[ReloadRow]:
    """Load a plugin anew beside the old one and switch when it is sound."""
    return await parts.plugins.reload(request.plugin or None)


OPERATIONS = (list_plugins, reload)
