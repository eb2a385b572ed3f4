"""What serving applications takes of the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kagami.clock import Clock
from kagami.gateway.places import Places
from kagami.meters import Meters
from kagami.model.ids import BotId, ExecutionId
from kagami.net.supervise import Nursery
from kagami.ports import ONLINE, Bots, Media, Numbers, Outbox, Posts, Privacy, Store, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """`version` is Kagami's own."""

    store: Store
    stream: Stream
    numbers: Numbers
    bots: Bots
    posts: Posts
    outbox: Outbox
    privacy: Privacy
    media: Media
    places: Places
    nursery: Nursery
    clock: Clock
    meters: Meters
    new_execution: Callable[[], ExecutionId]
    version: str
    # The time that all processes go by.
    common_ms: Callable[[], int]
    # An application came or went.
    changed: Callable[[], None] = lambda: None

    def reachable(self, bot: BotId) -> bool:
        """Whether a send would find it, here or at another process."""
        here = self.bots.get(bot)
        if here is not None and here.reachable:
            return True
        return any(row.id == bot and row.node and row.health.state in ONLINE for row in self.bots.rows())
