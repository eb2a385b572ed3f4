"""What adapters keep: small facts in the store, credentials in the home's `secrets/`, or sealed in a shared store."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from kagami.centre.seal import Seal
from kagami.errors import Unavailable
from kagami.i18n import mark
from kagami.model.ids import BotId
from kagami.ports import Store, StorePut

BOTS = "@bots"
VAULT = "@vault"
VAULT_KEY = "vault_key"  # of the file in secrets/
OTHER_KEY = mark("a process with other secrets has kept it. Set cluster.secret, the same for all, and log in again")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}", re.ASCII)


class StoredMemory:
    """Implements `ports.Memory` on the store's values: `@bots`, `<bot>/<key>`.

    What is noted of a chat, `chat/…`, `peer/…`, lets whoever has it speak there: it is sealed, and forgotten when the
    key is another one. Older versions have written it open; that is read too.
    """

    def __init__(self, store: Store, seal: Callable[[], Seal]) -> None:
        self._store = store
        self._seal = seal

    async def read(self, bot: BotId, key: str) -> str:
        text = await self._store.get(BOTS, f"{bot}/{key}")
        return self._open(f"{bot}/{key}", text) if text else ""

    async def items(self, bot: BotId, prefix: str = "") -> dict[str, str]:
        head = f"{bot}/"
        found = await self._store.items(BOTS, f"{head}{prefix}")
        opened = {key.removeprefix(head): self._open(key, text) for key, text in found.items()}
        return {key: text for key, text in opened.items() if text}

    async def write(self, bot: BotId, values: Mapping[str, str]) -> None:
        await self._store.put_many(
            [
                StorePut(BOTS, f"{bot}/{key}", self._written(bot, key, value) if value else None)
                for key, value in values.items()
            ]
        )

    def _written(self, bot: BotId, key: str, value: str) -> str:
        """As JSON; of a chat sealed, in a list: plain values are texts."""
        sealed = [self._seal().close(value.encode(), f"{BOTS} {bot}/{key}")] if "/" in key else value
        return msgspec.json.encode(sealed).decode()

    def _open(self, place: str, text: str) -> str:
        kept = msgspec.json.decode(text, type=str | list[str])
        if isinstance(kept, str):
            return kept
        try:
            return self._seal().open(kept[0], f"{BOTS} {place}").decode()
        except Unavailable:
            return ""


class StoredVault:
    """Implements `ports.Vault` in the store, sealed, for accounts that move from one process to another.

    `files` are those of a time before: each is taken up once.
    """

    def __init__(self, store: Store, seal: Callable[[], Seal], files: SecretFiles) -> None:
        self._store = store
        self._seal = seal
        self._files = files

    async def read(self, name: str) -> bytes:
        """`Unavailable` when a process with other secrets has kept it."""
        text = await self._store.get(VAULT, name)
        if text is None:
            content = await self._files.read(name)
            if content:
                await self.write(name, content)
            return content
        try:
            return self._seal().open(msgspec.json.decode(text, type=str), f"{VAULT} {name}")
        except Unavailable:
            raise Unavailable(what=f"The login {name}", reason=OTHER_KEY) from None

    async def write(self, name: str, content: bytes) -> None:
        sealed = self._seal().close(content, f"{VAULT} {name}")
        await self._store.put_many([StorePut(VAULT, name, msgspec.json.encode(sealed).decode())])
        await self._files.delete(name)

    async def delete(self, name: str) -> None:
        await self._store.put_many([StorePut(VAULT, name, None)])
        await self._files.delete(name)


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
