"""Plugins' values without a disk."""

from __future__ import annotations

from collections.abc import Sequence

from kagami.ports import StorePut


class MemoryValues:
    """Plugins' values in a dictionary: the part of a store that plugins see."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    async def get(self, plugin: str, key: str) -> str | None:
        return self.kept.get((plugin, key))

    async def keys(self, plugin: str, prefix: str) -> list[str]:
        return sorted(key for owner, key in self.kept if owner == plugin and key.startswith(prefix))

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]:
        return {key: self.kept[plugin, key] for key in await self.keys(plugin, prefix)}

    async def put_many(self, writes: Sequence[StorePut]) -> None:
        for write in writes:
            if write.value is None:
                self.kept.pop((write.plugin, write.key), None)
            else:
                self.kept[write.plugin, write.key] = write.value
