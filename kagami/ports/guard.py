"""The guard lists, as operations see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kagami.core.guard import Caught, GuardEntry
from kagami.model.event import Event

# Facts: a line each.
GUARD = "@guard"


class GuardDesk(Protocol):
    """The lists in force; it reads them again when told that they changed."""

    @property
    def entries(self) -> Sequence[GuardEntry]: ...

    def judge(self, event: Event) -> Caught | None:
        """What the lists keep an event out for. Super admins are never kept out."""
        ...

    async def read(self) -> None: ...
