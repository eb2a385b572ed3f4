"""What every part of an engine is given."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kagami import log
from kagami.clock import SystemClock
from kagami.config import Settings
from kagami.i18n import Translate, choose, translator
from kagami.meters import Meters
from kagami.model.ids import RANDOM_BITS, ExecutionId, execution_id
from kagami.operations.registry import Registry

if TYPE_CHECKING:
    from kagami.net.http import HttpReach
    from kagami.net.supervise import Nursery
    from kagami.storage.media import MediaFiles
    from kagami.storage.store import SqlStore


@dataclass(frozen=True, slots=True)
class Tools:
    """What every part is given."""

    settings: Settings
    clock: SystemClock
    meters: Meters
    nursery: Nursery
    store: SqlStore
    operations: Registry
    ring: log.Ring
    reach: HttpReach
    media: MediaFiles

    @property
    def translate(self) -> Translate:
        return translator_of(self.settings)

    def new_execution(self) -> ExecutionId:
        """A fresh id for now."""
        return execution_id(self.clock.wall_ms(), random.getrandbits(RANDOM_BITS))


def translator_of(settings: Settings) -> Translate:
    """The language of what the engine says by itself."""
    return translator(choose(settings.language or None, os.environ))
