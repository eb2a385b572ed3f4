"""`[[workers]]`: applications that speak OneBot 11, and what each may see and do."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from kagami.core.admission import USUAL_CALLS, Admission
from kagami.core.secrets import Secret

Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$", examples=["nonebot"])]
Weight = Annotated[float, msgspec.Meta(ge=0, le=1_000)]
LATE_SECONDS = 3_600.0


class WorkerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """With a `url` Kagami dials the application, once for each bot; without one it connects to the gateway with its
    `token`. A worker without a `pool` is a mirror: it gets every event that passes its filter, and what it missed
    within `late_seconds`.
    """

    name: Name
    token: Secret = Secret()
    url: str = ""
    pool: str = ""
    weight: Weight = 1.0
    bots: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    actions: tuple[str, ...] = USUAL_CALLS
    late_seconds: float = LATE_SECONDS
    enabled: bool = True

    @property
    def admission(self) -> Admission:
        return Admission(self.bots, self.chats, self.events, self.actions)

    def same_connection(self, other: WorkerTable) -> bool:
        """Whether a connection that was made for the one is as good for the other."""
        return (self.url, self.token, self.enabled, self.pool) == (other.url, other.token, other.enabled, other.pool)


def is_web_socket(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0 and " " not in url
    except ValueError:
        return False
