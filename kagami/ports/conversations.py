"""Conversations that are kept as tests, a text file each."""

from __future__ import annotations

from typing import Protocol

import msgspec


class KeptConversation(msgspec.Struct, frozen=True):
    name: str
    path: str


class Conversations(Protocol):
    async def rows(self) -> list[KeptConversation]:
        """In order of their names."""
        ...

    async def read(self, name: str) -> str:
        """`NotFound` when there is none."""
        ...

    async def write(self, name: str, text: str) -> KeptConversation:
        """Keep it, in place of one with this name."""
        ...
