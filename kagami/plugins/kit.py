"""What all contexts of one running version share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from kagami.clock import Clock
from kagami.core.roles import held
from kagami.errors import Unavailable
from kagami.i18n import Translate
from kagami.log import Log
from kagami.model.event import Event
from kagami.plugins.dialogs import Desk, Questions
from kagami.plugins.scope import Scope
from kagami.plugins.settings import Settings
from kagami.plugins.values import Values
from kagami.ports import Http, Media, Privacy

Part = TypeVar("Part")


def _roles(event: Event) -> frozenset[str]:
    """By what the platform says alone, where nobody knows of others."""
    return held(event, supers=(), custom={})


class CommandLine(NamedTuple):
    """A command as `/help` shows it; `usage` holds the prefix and the name."""

    plugin: str
    name: str
    aliases: tuple[str, ...]
    usage: str
    summary: str
    operator: bool


class Kit:
    """`namespace` is where the plugin's values are kept, by default its id. The last four parts may be missing."""

    __slots__ = (
        "catalogue",
        "clock",
        "desk",
        "http",
        "label",
        "language",
        "log",
        "media",
        "namespace",
        "plugin",
        "privacy",
        "questions",
        "roles",
        "scheduler",
        "scope",
        "settings",
        "translate",
        "values",
        "version",
    )

    def __init__(
        self,
        plugin: str,
        version: str,
        *,
        settings: Settings,
        scope: Scope,
        log: Log,
        desk: Desk,
        values: Values,
        clock: Clock,
        translate: Translate,
        catalogue: Callable[[], tuple[CommandLine, ...]],
        roles: Callable[[Event], frozenset[str]] = _roles,
        namespace: str = "",
        language: str = "en",
        http: Http | None = None,
        media: Media | None = None,
        scheduler: Any = None,
        privacy: Privacy | None = None,
    ) -> None:
        self.plugin = plugin
        self.version = version
        self.label = f"{plugin}@{version}"
        self.namespace = namespace or plugin
        self.language = language
        self.settings = settings
        self.scope = scope
        self.log = log
        self.desk = desk
        self.questions = Questions()
        self.values = values
        self.clock = clock
        self.translate = translate
        self.catalogue = catalogue
        self.roles = roles
        self.http = http
        self.media = media
        self.scheduler = scheduler
        self.privacy = privacy


def present(part: Part | None, name: str) -> Part:
    """An optional part of a kit; `Unavailable` when the house has none."""
    if part is None:
        raise Unavailable(what=f"ctx.{name}", reason="this Kagami does not give it to plugins")
    return part
