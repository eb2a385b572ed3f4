"""Events whose application is connected to another process: they are led on to that one."""

from __future__ import annotations

from kagami.ports import Execution, Fence, Handled, Sharing

# What became of such an event: it is not over, and nothing is written of it here.
MOVED = Handled()


class Onward:
    """In place of a worker. The event stays open, and what was tried of it is known there too."""

    live = True

    def __init__(self, sharing: Sharing, slot: int, fence: Fence) -> None:
        self._sharing = sharing
        self._slot = slot
        self._fence = fence

    async def handle(self, execution: Execution) -> Handled:
        await self._sharing.move(execution.event.execution, self._slot, self._fence)
        return MOVED
