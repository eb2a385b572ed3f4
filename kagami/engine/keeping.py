"""What adapters keep: small facts in the store, credentials in the home's `secrets/`."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

import msgspec

from kagami.model.ids import BotId
from kagami.ports import Store, StorePut

BOTS = "@bots"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}", re.ASCII)


class StoredMemory:
    """Implements `ports.Memory` on the store's values: `@bots`, `<bot>/<key>`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, bot: BotId, key: str) -> str:
        text = await self._store.get(BOTS, f"{bot}/{key}")
        return msgspec.json.decode(text, type=str) if text else ""

    async def items(self, bot: BotId, prefix: str = "") -> dict[str, str]:
        head = f"{bot}/"
        found = await self._store.items(BOTS, f"{head}{prefix}")
        return {key.removeprefix(head): msgspec.json.decode(text, type=str) for key, text in found.items()}

    async def write(self, bot: BotId, values: Mapping[str, str]) -> None:
        await self._store.put_many(
            [
                StorePut(BOTS, f"{bot}/{key}", msgspec.json.encode(value).decode() if value else None)
                for key, value in values.items()
            ]
        )


class SecretFiles:
    """Implements `ports.Vault`: one file each, 0600, whole or not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def read(self, name: str) -> bytes:
        return await asyncio.to_thread(self._read, self._path(name))

    async def write(self, name: str, content: bytes) -> None:
        await asyncio.to_thread(self._write, self._path(name), content)

    async def delete(self, name: str) -> None:
        await asyncio.to_thread(self._path(name).unlink, missing_ok=True)

    def _path(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None:
            raise ValueError(f"{name!r} is no name of a secret")
        return self._folder / name

    @staticmethod
    def _read(path: Path) -> bytes:
        try:
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        # Of this write alone: another one of the same name may be under way.
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
