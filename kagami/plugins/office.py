"""What operators do with plugins: choose versions, weigh canaries, turn off, configure, install."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

from kagami.errors import NotFound, PluginError, Refused
from kagami.i18n import mark
from kagami.meters import Meters
from kagami.model.ids import BotId, ChatId, SessionKey, UserId
from kagami.plugins import records
from kagami.plugins.active import Active
from kagami.plugins.config import PluginsConfig
from kagami.plugins.fleet import Fleet
from kagami.plugins.line import Line
from kagami.plugins.settings import fields, read_settings
from kagami.plugins.versions import Found
from kagami.plugins.view import View
from kagami.ports import ChatChoice, DialogRow, Field, Installed, PluginRow, ReloadRow, SyncRow


class Deliveries(Protocol):
    """Brings packages onto the disk: it needs the network, a plugin host does not."""

    async def install(self, source: str) -> Installed: ...

    async def sync(self, *, dry_run: bool) -> list[SyncRow]: ...


class Office:
    """Implements `ports.Plugins`. `origin` tells where a setting comes from, `deliveries` makes what brings files."""

    def __init__(self, fleet: Fleet, meters: Meters) -> None:
        self._fleet = fleet
        self._decided = fleet.decided
        self._view = View(fleet, meters)
        self.deliveries: Callable[[], Deliveries] | None = None
        self.origin: Callable[[str], str] = lambda _: "default"

    # --- seeing ---

    def rows(self) -> list[PluginRow]:
        known = [line for line in self._fleet.lines.values() if line.known]
        return [self._view.row(line) for line in sorted(known, key=lambda line: (not line.builtin, line.id))]

    def form(self, plugin: str) -> list[Field]:
        active = self._serving(plugin)
        return fields(active.plugin.settings, self._fleet.around.settings(plugin), self._from(plugin))

    def grants(self) -> dict[str, tuple[str, ...]]:
        return self._decided.roles.grants()

    # --- versions ---

    async def reload(self, plugin: str | None) -> list[ReloadRow]:
        return await self._fleet.reload(plugin)

    async def use(self, plugin: str, version: str, *, pin: bool = False) -> ReloadRow:
        line = self._own(plugin)
        if version:
            self._sound(line, version)
        before, kept = line.stable.version if line.stable else "", self._decided.choices.of(plugin).previous
        row = await self._choose(plugin, version=version, previous=before or kept, pinned=pin)
        if row.new == before and not row.error:
            await self._decided.choices.change(plugin, previous=kept)
        return row

    async def rollback(self, plugin: str) -> ReloadRow:
        line = self._own(plugin)
        before = line.stable.version if line.stable else ""
        target = self._decided.choices.of(plugin).previous or self._lower(line, before)
        self._sound(line, target)
        if plugin in self._decided.rollouts.active:
            await self._decided.rollouts.abort(plugin, mark("an operator went back"))
        return await self._choose(plugin, version=target, previous=before)

    async def remove(self, plugin: str, version: str) -> None:
        line = self._own(plugin)
        async with self._fleet.changing:
            found = line.on_disk(version)
            serving = version == line.starting or line.version(version) is not None
            if serving or any(active.version == version for active in line.leaving):
                raise Refused(reason=mark("This version serves: use another one first."))
            await self._fleet.stock.withdraw(plugin, version)
            try:
                await asyncio.to_thread(_delete, found, self._fleet.folder)
            except OSError as error:
                raise Refused(reason=f"{found.folder}: {error.strerror or error}") from None
            line.found.remove(found)
        if self._decided.choices.of(plugin).version == version:
            await self._decided.choices.change(plugin, version="")

    async def weigh(self, plugin: str, weight: int, version: str) -> PluginRow:
        line, stable = self._own(plugin), self._serving(plugin)
        rollout = self._decided.rollouts.active.get(plugin)
        wanted = version or (rollout.version if rollout else "") or self._other(line, stable)
        if wanted == stable.version:
            raise Refused(reason=mark("This version is the stable one already: it has all other chats."))
        self._sound(line, wanted)
        if rollout is not None and rollout.version == wanted:
            await self._decided.rollouts.weigh(plugin, weight)
        else:
            chats = await self._fleet.chats()
            await self._decided.rollouts.begin(plugin, wanted, stable.version, weight, chats=chats)
        await self._fleet.settle(plugin)
        if weight and line.version(wanted) is None:
            raise Refused(reason=line.failed.get(wanted, "").strip().rpartition("\n")[2])
        return self._view.row(line)

    async def promote(self, plugin: str) -> ReloadRow:
        line, stable = self._own(plugin), self._serving(plugin)
        rollout = self._decided.rollouts.active.get(plugin)
        canary = line.version(rollout.version) if rollout else None
        if rollout is None or canary is None:
            raise NotFound(what=mark("canary"), name=plugin)
        return await self._choose(plugin, version=canary.version, previous=stable.version)

    async def pin_chat(self, plugin: str, bot: str, chat: str, version: str) -> None:
        line = self._own(plugin)
        if version:
            self._sound(line, version)
            await self._decided.rollouts.pin_chat(plugin, bot, chat, version)
        else:
            await self._decided.rollouts.unpin_chat(plugin, bot, chat)
        await self._fleet.settle(plugin)

    def choices(self) -> list[ChatChoice]:
        off = [ChatChoice(*place, off=True) for place in self._decided.switches.places()]
        pins = [
            ChatChoice(plugin, bot, chat, pin.version, since_ms=pin.since_ms)
            for plugin in self._fleet.lines
            for (bot, chat), pin in self._decided.rollouts.pins(plugin).items()
        ]
        return sorted([*pins, *off], key=lambda each: (each.plugin, each.bot, each.chat))

    def dialogs(self) -> list[DialogRow]:
        return self._fleet.around.desk.rows()

    def end_dialog(self, bot: str, chat: str, user: str) -> DialogRow:
        return self._fleet.around.desk.end(SessionKey(BotId(bot), ChatId(chat), UserId(user)))

    # --- switches, settings, people ---

    async def switch(self, plugin: str, bot: str, chat: str, *, on: bool) -> None:
        self._fleet.line(plugin)
        await self._decided.switches.set(plugin, bot, chat, on=on)
        await self._fleet.settle(plugin)

    async def release(self, plugin: str) -> None:
        line = self._fleet.line(plugin)
        await self._decided.quarantine.release(plugin)
        for active in line.running:
            active.breaker.close()
            if active.child is not None:
                active.child.revive()
        self._fleet.changed(plugin)

    def check(self, plugin: str, values: Mapping[str, Any]) -> dict[str, Any]:
        active = self._serving(plugin)
        whole = {**self._fleet.around.settings(plugin), **values}
        whole = {key: value for key, value in whole.items() if value is not None}
        read_settings(active.plugin.settings, whole, plugin)
        return whole

    async def configure(self, plugin: str, values: Mapping[str, Any]) -> ReloadRow:
        around = self._fleet.around
        settings = {**around.config.settings, plugin: dict(values)}
        around.config = msgspec.structs.replace(around.config, settings=settings)
        return (await self._fleet.reload(plugin))[0]

    async def retune(self, config: PluginsConfig, *, prefix: str, language: str) -> None:
        """Go on with other settings than the plugins' own. What is a process was told some of them: it is reloaded."""
        fleet, around = self._fleet, self._fleet.around
        told = (around.prefix, around.language) != (prefix, language)
        around.config = msgspec.structs.replace(config, settings=around.config.settings)
        around.prefix, around.language = prefix, language
        running = [active for line in fleet.lines.values() for active in line.running]
        for active in running:
            active.kit.language = language
        fleet.switch()
        for plugin in dict.fromkeys(active.id for active in running if active.child is not None and told):
            await fleet.reload(plugin)

    async def keep(self, plugin: str, values: Mapping[str, Any]) -> None:
        """Serve a plugin with these settings, or remember them for one that is not here yet. `PluginError`."""
        if plugin not in self._fleet.lines or not self._fleet.lines[plugin].known:
            around = self._fleet.around
            settings = {**around.config.settings, plugin: dict(values)}
            around.config = msgspec.structs.replace(around.config, settings=settings)
        elif error := (await self.configure(plugin, values)).error:
            raise PluginError(plugin=plugin, reason=error.strip().rpartition("\n")[2])

    async def grant(self, role: str, user: str, *, on: bool) -> None:
        await self._decided.roles.grant(role, user, on=on)

    # --- packages ---

    async def install(self, source: str) -> Installed:
        installed = await self._delivered().install(source)
        warning = await self._fleet.stock.spread(installed.id, installed.version)
        await self._fleet.reload(installed.id)
        return msgspec.structs.replace(installed, warnings=(*installed.warnings, *filter(None, [warning])))

    async def sync(self, *, dry_run: bool) -> list[SyncRow]:
        rows = await self._delivered().sync(dry_run=dry_run)
        if not dry_run:
            for row in rows:
                if row.act != "keep" and not row.error:
                    await self._fleet.stock.spread(row.id, row.new)
                    await self._fleet.reload(row.id)
        return rows

    # --- inside ---

    def _delivered(self) -> Deliveries:
        if self.deliveries is None:
            raise Refused(reason=mark("Nothing can be installed here."))
        return self.deliveries()

    def _own(self, plugin: str) -> Line:
        """A plugin that operators may change."""
        line = self._fleet.line(plugin)
        if line.builtin:
            raise Refused(reason=mark("It is built in: it changes with Kagami itself."))
        return line

    def _sound(self, line: Line, version: str) -> Found:
        """A version that may serve; `Refused` for one that was recalled, or that others do not have."""
        if version in line.recalled | line.withheld:
            raise Refused(reason=line.failed[version])
        return line.on_disk(version)

    def _serving(self, plugin: str) -> Active:
        line = self._fleet.line(plugin)
        if line.stable is None:
            raise Refused(reason=mark("No version of it runs."))
        return line.stable

    async def _choose(self, plugin: str, **changes: object) -> ReloadRow:
        before = msgspec.structs.asdict(self._decided.choices.of(plugin))
        await self._decided.choices.change(plugin, **changes)
        row = await self._fleet.settle(plugin)
        if row.error:  # else the next start would find nothing that serves
            await self._decided.choices.change(plugin, **{name: before[name] for name in changes})
        return row

    def _lower(self, line: Line, version: str) -> str:
        """The highest version below this one; `NotFound` when there is none."""
        for found in sorted(line.found, key=lambda found: found.manifest.semver, reverse=True):
            below = line.stable is None or found.manifest.semver < line.stable.manifest.semver
            if below and found.manifest.version != version:
                return found.manifest.version
        raise NotFound(what=mark("earlier version"), name=line.id)

    def _other(self, line: Line, stable: Active) -> str:
        """The highest version that does not serve."""
        for found in sorted(line.found, key=lambda found: found.manifest.semver, reverse=True):
            if found.manifest.version != stable.version:
                return found.manifest.version
        raise NotFound(what=mark("other version"), name=line.id)

    def _from(self, plugin: str) -> Callable[[str], str]:
        def from_where(name: str) -> str:
            found = self.origin(f"plugins.settings.{plugin}.{name}")
            # A value that was not there when the configuration was read has been written since.
            return mark("configuration") if found == "default" else found

        return from_where


def _delete(found: Found, folder: Path | None) -> None:
    """From the disk, with the record of its install where there is one."""
    if folder is not None and found.folder == folder / found.manifest.id / found.manifest.version:
        records.remove(folder, found.manifest.id, found.manifest.version)
    else:
        records.delete(found.folder)
