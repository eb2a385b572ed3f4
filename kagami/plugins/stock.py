"""What of the plugins on this process' disk may serve, where several processes are one Kagami."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from kagami.plugins.versions import Shelf, discover


class Stock(Protocol):
    """Keeps the folder in line with those of the others."""

    async def agree(self) -> None:
        """Bring what the others have, offer what they lack, remove what was removed. Never raises."""
        ...

    def judge(self, shelf: Shelf) -> Shelf:
        """The shelf without what would serve here and nowhere else."""
        ...

    def awaits(self, plugin: str, version: str) -> bool:
        """Whether all are to have this version, and not all have it yet."""
        ...

    async def spread(self, plugin: str, version: str) -> str:
        """Give a version that was just installed to the others; in English who does not have it in the end."""
        ...

    async def withdraw(self, plugin: str, version: str) -> None:
        """Let it be removed everywhere."""
        ...


class OwnStock:
    """Implements `Stock` for a process that has nobody beside it."""

    async def agree(self) -> None:
        return

    def judge(self, shelf: Shelf) -> Shelf:
        return shelf

    def awaits(self, plugin: str, version: str) -> bool:
        del plugin, version
        return False

    async def spread(self, plugin: str, version: str) -> str:
        del plugin, version
        return ""

    async def withdraw(self, plugin: str, version: str) -> None:
        del plugin, version


async def look(stock: Stock, folder: Path | None) -> Shelf:
    """What lies in the folder once it is as it should be."""
    if folder is None:
        return Shelf({}, [])
    await stock.agree()
    return stock.judge(discover(folder))
