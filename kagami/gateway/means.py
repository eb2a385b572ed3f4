"""What serving applications takes of the house."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kagami.clock import Clock
from kagami.gateway.places import Places
from kagami.meters import Meters
from kagami.model.ids import ExecutionId
from kagami.net.supervise import Nursery
from kagami.ports import Bots, Media, Numbers, Outbox, Posts, Privacy, Store, Stream

# The states of a bot that can be asked to say something.
ONLINE = ("online", "silent")


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
