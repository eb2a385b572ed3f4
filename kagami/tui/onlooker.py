"""A console that only looks (`--read-only`): what would change something is refused before it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec

from kagami.errors import Denied
from kagami.operations import registry
from kagami.ports import Control, Feed


class Onlooker:
    """Implements `ports.Control` over another one."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self._operations = registry()

    async def call(self, request: msgspec.Struct) -> Any:
        found = self._operations.of(request)
        if not found.reads:
            raise Denied(scope=found.scope)
        return await self._control.call(request)

    def feed(self, topics: Sequence[str]) -> AsyncIterator[Feed]:
        return self._control.feed(topics)

    async def close(self) -> None:
        await self._control.close()
