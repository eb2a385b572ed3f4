"""What is wrong and lasts, as operators see it."""

from __future__ import annotations

from typing import Literal, Protocol

import msgspec


class AlertRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """`text` is English with `fields` for the shower to fill in; `muted_s` is for how long nobody is told of it."""

    key: str
    kind: str
    level: Literal["warning", "error"]
    text: str
    fields: dict[str, str] = {}
    since_ms: int = 0
    muted_s: float = 0.0


class Alerts(Protocol):
    def rows(self) -> list[AlertRow]:
        """What people were told of and is not over, the oldest first."""
        ...

    def mute(self, key: str, seconds: float) -> None:
        """Tell nobody of this one for so long; 0 ends that."""
        ...

    def forget(self, bot: str) -> None:
        """An operator took this bot away: that it is not there is as it should be."""
        ...

    async def test(self) -> list[str]:
        """Tell everybody who would be told; how each way went, for people."""
        ...
