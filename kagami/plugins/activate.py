"""From a version on disk to one that runs beside all others, without touching what serves now."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kagami import log
from kagami.clock import Clock
from kagami.errors import LoadError, PluginError
from kagami.i18n import Translate
from kagami.plugins.active import Active
from kagami.plugins.contain import contained, describe
from kagami.plugins.context import CommandLine, Kit
from kagami.plugins.dialogs import Desk
from kagami.plugins.loader import Package
from kagami.plugins.manifest import Manifest
from kagami.plugins.plugin import Plugin
from kagami.plugins.scope import Scope
from kagami.plugins.settings import read_settings
from kagami.plugins.values import Values
from kagami.plugins.versions import Found

# Frames of the import system and of the host say nothing to an author.
_HIDDEN = (
    "<frozen",
    str(Path(importlib.__file__).parent),
    *(str(Path(__file__).with_name(name)) for name in ("activate.py", "contain.py", "loader.py")),
)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every plugin gets from the house. Times in seconds."""

    values: Values
    clock: Clock
    desk: Desk
    translate: Translate
    catalogue: Callable[[], tuple[CommandLine, ...]]
    settings: Mapping[str, Mapping[str, Any]]
    grace: float

    def fit(self, manifest: Manifest, plugin: Plugin[Any], package: Package | None, *, builtin: bool = False) -> Active:
        """A version that is ready to be opened; `SettingError` when its settings do not fit."""
        voice = log.get(manifest.id)
        kit = Kit(
            manifest.id,
            manifest.version,
            settings=read_settings(plugin.settings, self.settings.get(manifest.id, {}), manifest.id),
            scope=Scope(manifest.id, voice, close_limit=self.grace),
            log=voice,
            desk=self.desk,
            values=self.values,
            clock=self.clock,
            translate=self.translate,
            catalogue=self.catalogue,
        )
        return Active(manifest, plugin, kit, grace=self.grace, package=package, builtin=builtin)


async def activate(found: Found, around: Surroundings) -> Active:
    """Load, check and start a version. `LoadError` or `SettingError` when it is not sound; nothing of it stays then."""
    manifest = found.manifest
    if manifest.runtime != "python":
        raise LoadError(
            plugin=manifest.id, version=manifest.version, reason="this version of Kagami has only the python runtime"
        )
    package = Package(manifest.id, found.folder)
    opened = False
    try:
        plugin = await contained(manifest.id, _import(package, manifest))
        active = around.fit(manifest, plugin, package, builtin=found.builtin)
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


async def _import(package: Package, manifest: Manifest) -> Plugin[Any]:
    plugin = package.load(str(manifest.entry))
    if not isinstance(plugin, Plugin):
        raise TypeError(f"{manifest.entry} is {type(plugin).__name__}, not a kagami.plugins.api.Plugin")
    return plugin


def shown_trace(error: BaseException) -> str:
    """The traceback of what a plugin raised, without the frames of the import system and of the host.

    Its last line says by itself what went wrong and where: in a chat nothing else is shown.
    """
    cause = error.__cause__ or error
    frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if not frame.filename.startswith(_HIDDEN)]
    lines = traceback.format_list(frames)
    if isinstance(cause, SyntaxError):  # its own text names the place
        lines += [*traceback.format_exception_only(cause)[:-1], describe(cause)]
    else:
        lines.append(describe(cause) + _place(frames))
    return "".join(lines).strip()


def _place(frames: Sequence[traceback.FrameSummary]) -> str:
    """Where in the plugin's own files, which the first frame is in, it went wrong."""
    own = [each for each in frames if Path(each.filename).is_relative_to(Path(frames[0].filename).parent)]
    return f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
