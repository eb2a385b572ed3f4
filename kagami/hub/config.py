"""Settings of the hub."""

from __future__ import annotations

from typing import Annotated

import msgspec

from kagami.core.secrets import Secret

Some = Annotated[int, msgspec.Meta(ge=1)]


class LimitsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Floods that come in; 0 turns a limit off."""

    user_per_minute: int = 60
    chat_per_minute: int = 600


class HubConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Bounds of the hub. Times in seconds."""

    running: Some = 256
    lane_length: Some = 64
    waiting: Some = 10_000
    tries: Some = 5
    retry_after: tuple[float, ...] = (5.0, 20.0, 75.0, 200.0)
    drain: float = 20.0
    dedupe: Some = 50_000


class AlertsConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When people are told that something is wrong, and where; kinds in `quiet` are only in the log.

    A bot may be away for `offline_s` seconds, a message may wait for `queue_s`; `disk_mb` megabytes should be free.
    What is over must be so for `calm_s`. `chats`: admins hear of it where they are; `webhook` gets each as JSON.
    """

    chats: bool = True
    webhook: Secret = Secret()
    offline_s: float = 60.0
    queue_s: float = 30.0
    disk_mb: float = 500.0
    calm_s: float = 30.0
    quiet: tuple[str, ...] = ()
