"""What every part of an engine is given."""

from __future__ import annotations

import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.core.privacy.desk import PrivacyDesk
from kagami.engine.live import Live, language_of
from kagami.i18n import Translate, translator
from kagami.meters import Meters
from kagami.model.ids import RANDOM_BITS, ExecutionId, execution_id
from kagami.operations.registry import Registry

if TYPE_CHECKING:
    from kagami.net.http import HttpReach
    from kagami.net.supervise import Nursery
    from kagami.state.rooms import Shared
    from kagami.storage.logbook import Logbook
    from kagami.storage.media import MediaFiles
    from kagami.storage.store import SqlStore


@dataclass(frozen=True, slots=True)
class Tools:
    """What every part is given."""

    live: Live
    clock: SystemClock
    meters: Meters
    nursery: Nursery
    store: SqlStore
    operations: Registry
    ring: log.Ring
    logs: Logbook
    reach: HttpReach
    media: MediaFiles
    privacy: PrivacyDesk
    state: Shared

    @property
    def settings(self) -> Settings:
        """Those in force at the moment."""
        return self.live.current

    @property
    def translate(self) -> Translate:
        """May be kept: it follows the language of the settings."""
        return self.live.translate

    def new_execution(self) -> ExecutionId:
        """A fresh id for now."""
        return execution_id(self.clock.wall_ms(), random.getrandbits(RANDOM_BITS))


async def open_logs(stack: AsyncExitStack, settings: Settings, ring: log.Ring, clock: SystemClock) -> Logbook:
    """The log of a home, in memory and on disk, until the stack is closed."""
    from kagami.storage.logbook import Logbook  # noqa: PLC0415

    kept, folder = settings.log, settings.home.logs if settings.log.keep_mb else None
    logs = Logbook(ring, folder, keep_mb=kept.keep_mb, keep_days=kept.keep_days, clock=clock)
    await logs.open()
    stack.push_async_callback(logs.close)
    return logs


def translator_of(settings: Settings) -> Translate:
    """The language of what the engine says by itself."""
    return translator(language_of(settings))
