"""What operators decide while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol


class Facts(Protocol):
    """What operators decide, as one operation sees it: JSON texts by namespace (`@rules`) and key."""

    async def get(self, namespace: str, key: str) -> str | None: ...

    async def items(self, namespace: str, prefix: str = "") -> dict[str, str]:
        """In order of their keys."""
        ...

    def put(self, namespace: str, key: str, value: str | None) -> None:
        """Becomes real when the operation ends well, together with its row in the audit; None deletes."""
        ...

    def then(self, listener: Callable[[], Awaitable[None]]) -> None:
        """What is called when the writes are on disk: who keeps a copy of them in memory reads again."""
        ...
