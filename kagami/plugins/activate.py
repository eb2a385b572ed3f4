"""From a version on disk to one that runs beside all others, without touching what serves now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kagami import log
from kagami.clock import Clock
from kagami.errors import LoadError, PluginError
from kagami.i18n import Translate
from kagami.model.event import Event
from kagami.plugins.active import Active
from kagami.plugins.config import PluginsConfig
from kagami.plugins.contain import contained
from kagami.plugins.context import CommandLine, Kit
from kagami.plugins.dialogs import Desk
from kagami.plugins.frames import shown_trace
from kagami.plugins.loader import Package
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.records import Verified, verify_installed
from kagami.plugins.schedule import Scheduler
from kagami.plugins.scope import Scope
from kagami.plugins.settings import read_settings
from kagami.plugins.state import namespace, prepare
from kagami.plugins.values import Values
from kagami.plugins.versions import Found, fingerprint
from kagami.ports import Media, Privacy, Reach

if TYPE_CHECKING:
    from kagami.plugins.process.child import Child


def _voice(manifest: Manifest) -> log.Log:
    return log.get(manifest.id, plugin=f"{manifest.id}@{manifest.version}")


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What every plugin gets from the house. `settings` are by plugin; `work` is where processes may write.

    `grace` is in seconds: how long something may take to end once it was told to. `voice` is what a version says.
    """

    values: Values
    clock: Clock
    desk: Desk
    translate: Translate
    catalogue: Callable[[], tuple[CommandLine, ...]]
    roles: Callable[[Event], frozenset[str]]
    config: PluginsConfig
    grace: float
    work: Path
    prefix: str = "/"
    language: str = "en"
    http: Reach | None = None
    media: Media | None = None
    scheduler: Scheduler | None = None
    privacy: Privacy | None = None
    voice: Callable[[Manifest], log.Log] = _voice

    def settings(self, plugin: str) -> Mapping[str, Any]:
        return self.config.settings.get(plugin, {})

    async def fit(
        self,
        manifest: Manifest,
        plugin: Plugin[Any],
        *,
        package: Package | None = None,
        child: Child | None = None,
        digest: str = "",
        builtin: bool = False,
    ) -> Active:
        """A version that is ready to be opened; `SettingError` when its settings do not fit."""
        await prepare(self.values, manifest.id, plugin.declared, plugin.state, version=manifest.version)
        voice = self.voice(manifest)
        kit = Kit(
            manifest.id,
            manifest.version,
            settings=read_settings(plugin.settings, {} if child else self.settings(manifest.id), manifest.id),
            scope=Scope(manifest.id, voice, close_limit=self.grace),
            log=voice,
            desk=self.desk,
            values=self.values,
            namespace=namespace(manifest.id, plugin.state),
            clock=self.clock,
            translate=self.translate,
            language=self.language,
            catalogue=self.catalogue,
            roles=self.roles,
            http=self.http.of(manifest.id, manifest.permissions) if self.http else None,
            media=self.media,
            scheduler=self.scheduler,
            privacy=self.privacy,
        )
        if child is not None:
            child.kit = kit
        grace = self.grace
        return Active(manifest, plugin, kit, grace=grace, package=package, child=child, digest=digest, builtin=builtin)


async def activate(found: Found, around: Surroundings) -> Active:
    """Load, check and start a version. `LoadError` or `SettingError` when it is not sound; nothing of it stays then.

    `PackageRefused` when it was installed, and its files are not the ones any more.
    """
    verified = await asyncio.to_thread(verify_installed, found.folder)
    if found.manifest.runtime == "process":
        return await _start_child(found, around)
    return await _load(found, around, verified)


async def _load(found: Found, around: Surroundings, verified: Verified | None) -> Active:
    manifest = found.manifest
    package = Package(manifest.id, found.folder, verified)
    opened = False
    try:
        plugin = await contained(manifest.id, _import(package, manifest))
        digest = fingerprint(found.folder)
        active = await around.fit(manifest, plugin, package=package, digest=digest, builtin=found.builtin)
        await active.open()
        opened = True
    except LoadError:
        raise
    except PluginError as error:
        raise LoadError(plugin=manifest.id, version=manifest.version, reason=shown_trace(error)) from None
    finally:
        if not opened:
            package.unload(verify=False)
    return active


async def _start_child(found: Found, around: Surroundings) -> Active:
    from kagami.plugins.process.remote import open_child  # noqa: PLC0415 - most houses have no such plugin

    manifest = found.manifest
    child = await open_child(
        manifest,
        found.folder,
        config=around.config.process,
        settings=around.settings(manifest.id),
        work=around.work / manifest.id / manifest.version,
        log=around.voice(manifest),
        clock=around.clock,
        language=around.language,
        prefix=around.prefix,
    )
    opened = False
    try:
        active = await around.fit(manifest, child.plugin, child=child, digest=fingerprint(found.folder))
        await active.open()
        opened = True
    finally:
        if not opened:
            await child.close()
    return active


async def _import(package: Package, manifest: Manifest) -> Plugin[Any]:
    plugin = package.load(str(manifest.entry))
    if not isinstance(plugin, Plugin):
        raise TypeError(f"{manifest.entry} is {type(plugin).__name__}, not a kagami.plugins.api.Plugin")
    return plugin
