"""Settings of the hub."""

from __future__ import annotations

from typing import Annotated

import msgspec

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
