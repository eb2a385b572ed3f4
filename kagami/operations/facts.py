"""What operators decide and the store keeps: JSON texts by namespace and key, beside the plugins' own values.

A namespace starts with `@`, which no plugin's id can.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kagami.ports import Store, StorePut


class StagedFacts:
    """Implements `ports.Facts` for one call: its writes are seen by itself at once, and by others when it is done."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._staged: dict[tuple[str, str], str | None] = {}
        self._listeners: list[Callable[[], Awaitable[None]]] = []

    @property
    def writes(self) -> list[StorePut]:
        return [StorePut(namespace, key, value) for (namespace, key), value in self._staged.items()]

    async def get(self, namespace: str, key: str) -> str | None:
        if (namespace, key) in self._staged:
            return self._staged[namespace, key]
        return await self._store.get(namespace, key)

    async def items(self, namespace: str, prefix: str = "") -> dict[str, str]:
        kept: dict[str, str | None] = dict(await self._store.items(namespace, prefix))
        kept |= {
            key: value for (owner, key), value in self._staged.items() if owner == namespace and key.startswith(prefix)
        }
        return {key: value for key, value in sorted(kept.items()) if value is not None}

    def put(self, namespace: str, key: str, value: str | None) -> None:
        self._staged[namespace, key] = value

    def then(self, listener: Callable[[], Awaitable[None]]) -> None:
        self._listeners.append(listener)

    async def tell(self) -> None:
        """The writes are on disk: whoever keeps a copy of them in memory reads again."""
        for listener in self._listeners:
            await listener()
