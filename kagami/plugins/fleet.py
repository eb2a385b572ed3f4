"""All running versions: which one serves, and how one takes another's place."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kagami import log
from kagami.errors import KagamiError, NotFound
from kagami.meters import Meters
from kagami.plugins.activate import Surroundings, activate
from kagami.plugins.active import Active
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.table import Table
from kagami.plugins.versions import Found, Shelf, Unsound, discover
from kagami.ports import PluginRow, ReloadRow

BUILTIN = Path(__file__).parent / "builtin"
DRAIN_S = 30.0
# At the end of the process, for all plugins together; handlers had their time before.
CLOSE_LIMIT_S = 4.0
_log = log.get("plugins")


class Fleet:
    """`table` is a snapshot, replaced whole; whoever reads it sees the old or the new, never half."""

    def __init__(self, around: Surroundings, meters: Meters, prefix: str) -> None:
        self._around = around
        self._folder: Path | None = None
        self._meters = meters
        self._prefix = prefix
        self._actives: dict[str, Active] = {}
        self._leaving: list[Active] = []
        self._failed: dict[tuple[str, str], PluginRow] = {}
        self._changing = asyncio.Lock()
        self._places: tuple[tuple[str, str], ...] = ()
        self.table = Table((), prefix)

    async def open(self, folder: Path) -> None:
        """Load the built-in plugins and those of `folder`."""
        self._folder = folder
        for shelf in (discover(BUILTIN, builtin=True), discover(folder)):
            self._list_unsound(shelf.unsound)
            for versions in shelf.versions.values():
                await self._first_sound(versions)
        self._switch()
        _log.info("plugins are loaded", active=len(self._actives), failed=len(self._failed))

    async def close(self) -> list[str]:
        """Stop all, the newest first, within a limit for all of them. Tells what survived."""
        leaving, self._actives = list(self._actives.values()), {}
        self._switch()
        survivors: list[str] = []
        try:
            async with asyncio.timeout(CLOSE_LIMIT_S):
                while leaving:
                    survivors += await leaving[-1].close(0.0, verify=False)
                    leaving.pop()
        except TimeoutError:
            survivors += [f"{active.id} was not closed in time" for active in reversed(leaving)]
            _log.warning("plugins do not end", plugins=", ".join(active.id for active in leaving))
        return survivors

    def strays(self) -> list[str]:
        return [each for active in self._actives.values() for each in active.stray_tasks()]

    async def adopt(self, manifest: Manifest, plugin: Plugin[Any]) -> Active:
        active = self._around.fit(manifest, plugin, None)
        await active.open()
        self._actives[manifest.id] = active
        self._switch()
        return active

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        """One plugin, or all that are not built in: new folders are taken up, missing ones are let go."""
        async with self._changing:
            shelf = discover(self._folder) if self._folder else Shelf({}, [])
            if plugin is not None:
                return [await self._reload_one(plugin, shelf)]
            self._failed.clear()
            self._list_unsound(shelf.unsound)
            known = {*shelf.versions, *(each.id for each in self._actives.values() if not each.builtin)}
            rows = []
            for each in sorted(known):
                rows.append(await self._reload_one(each, shelf))
                # Importing never yields: let events in between two plugins.
                await asyncio.sleep(0)
            return rows

    def rows(self) -> list[PluginRow]:
        running = [self._row(active, "active") for active in self._actives.values()]
        leaving = [self._row(active, "draining") for active in self._leaving]
        return sorted(running + leaving + list(self._failed.values()), key=lambda row: (not row.builtin, row.id))

    def blame(self, frames: Sequence[str]) -> str:
        places = self._places
        for file in reversed(frames):
            for folder, plugin in places:
                if file.startswith(folder):
                    return plugin
        return ""

    async def _reload_one(self, plugin: str, shelf: Shelf) -> ReloadRow:
        old = self._actives.get(plugin)
        version = old.version if old else ""
        if old is not None and old.builtin:
            return ReloadRow(plugin, version, version, "it is built in: it changes with Kagami itself")
        if versions := shelf.versions.get(plugin):
            return await self._replace(old, versions[0])
        unsound = next((each for each in shelf.unsound if _is_of(each, plugin, old)), None)
        if unsound is not None:
            return ReloadRow(plugin, version, version, unsound.error)
        if old is None:
            raise NotFound(what="plugin", name=plugin)
        del self._actives[plugin]
        self._switch()
        return ReloadRow(plugin, version, "", survivors=await self._retire(old))

    async def _replace(self, old: Active | None, found: Found) -> ReloadRow:
        """Load beside, check, switch, let the old one finish, undo it, verify."""
        plugin, version = found.manifest.id, old.version if old else ""
        new = await self._try(found)
        if isinstance(new, str):
            return ReloadRow(plugin, version, version, new)
        for each in [each for each in self._failed if each[0] == plugin]:
            del self._failed[each]
        self._actives[plugin] = new
        self._switch()
        survivors = await self._retire(old) if old else ()
        _log.info("plugin reloaded", plugin=plugin, old=version, new=new.version, survivors=len(survivors))
        return ReloadRow(plugin, version, new.version, survivors=survivors)

    async def _retire(self, old: Active) -> tuple[str, ...]:
        self._leaving.append(old)
        try:
            return tuple(await old.close(DRAIN_S))
        finally:
            self._leaving.remove(old)

    async def _first_sound(self, versions: Sequence[Found]) -> None:
        """At the start the best version that can be loaded serves."""
        for found in versions:
            new = await self._try(found)
            if isinstance(new, Active):
                self._actives[new.id] = new
                return

    async def _try(self, found: Found) -> Active | str:
        """A started version, or why there is none."""
        manifest = found.manifest
        try:
            return await activate(found, self._around)
        except KagamiError as error:
            reason = str(error)
        _log.error("plugin is not loaded", plugin=manifest.id, version=manifest.version, reason=reason)
        row = PluginRow(manifest.id, manifest.version, manifest.name or manifest.id, "failed", error=reason)
        self._failed[manifest.id, manifest.version] = row
        return reason

    def _list_unsound(self, unsound: Sequence[Unsound]) -> None:
        for each in unsound:
            _log.error("plugin is not loaded", plugin=each.id, version=each.version, reason=each.error)
            self._failed[each.id, each.version] = PluginRow(each.id, each.version, each.id, "failed", error=each.error)

    def _switch(self) -> None:
        """From here on new events go by what is active now."""
        ordered = sorted(self._actives.values(), key=lambda active: (not active.builtin, active.id))
        self.table = Table(ordered, self._prefix)
        self._places = tuple((f"{active.folder}/", active.id) for active in ordered if active.folder)
        for active in ordered:
            for conflict in active.conflicts:
                _log.warning("conflict of commands", plugin=active.id, what=conflict)

    def _row(self, active: Active, state: str) -> PluginRow:
        manifest = active.manifest
        problems = [*active.conflicts, *([f"{active.crew.stuck} stuck"] if active.crew.stuck else [])]
        return PluginRow(
            manifest.id,
            manifest.version,
            manifest.name or manifest.id,
            state,
            builtin=active.builtin,
            description=manifest.description,
            error="; ".join(problems),
            commands=tuple(command.names[0] for command in active.plugin.declared.commands if command.names[0]),
            handled=self._meters.count["plugin handled", active.id],
            failed=self._meters.count["plugin failed", active.id],
            p95_ms=self._meters.latency[active.meter].quantile(0.95) * 1000,
        )


def _is_of(unsound: Unsound, plugin: str, old: Active | None) -> bool:
    return unsound.id == plugin or (old is not None and unsound.folder == old.folder)
