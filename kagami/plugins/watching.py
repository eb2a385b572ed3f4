"""Development: a plugin whose files change is loaded anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from kagami import log
from kagami.errors import KagamiError
from kagami.plugins.fleet import Fleet
from kagami.plugins.versions import discover

# What comes within this time counts as one change: editors write a file in several steps.
SETTLE_MS = 300
_IGNORED = ("__pycache__", ".deps")
_log = log.get("plugins")


async def watch(fleet: Fleet, folder: Path, *, reload: Callable[[str], Awaitable[object]] | None = None) -> None:
    """Until cancelled. What is there at the beginning is taken to be loaded already."""
    from watchfiles import awatch  # noqa: PLC0415 - only where somebody develops

    folder.mkdir(parents=True, exist_ok=True)  # noqa: ASYNC240 - once
    again = reload or fleet.reload
    async for changes in awatch(folder, debounce=SETTLE_MS, step=50, recursive=True):
        for plugin in touched(folder, (Path(path) for _, path in changes)):
            try:
                await again(plugin)
            except KagamiError as error:
                _log.warning("a changed plugin is not loaded", plugin=plugin, reason=str(error))


def touched(folder: Path, paths: Iterable[Path]) -> list[str]:
    """The plugins that files belong to: by the folder that holds them, whatever it is called."""
    heads = set()
    for path in paths:
        parts = path.relative_to(folder).parts
        if len(parts) > 1 and not any(part.startswith(".") or part in _IGNORED for part in parts):
            heads.add(parts[0])
    shelf = discover(folder)
    everything = ((plugin, found) for plugin, versions in shelf.versions.items() for found in versions)
    names = {found.folder.relative_to(folder).parts[0]: plugin for plugin, found in everything}
    return sorted({names.get(head, head) for head in heads})
