"""Conversations in a folder of the home: `sandbox/<name>.txt`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kagami.errors import NotFound, Unavailable
from kagami.ports.conversations import KeptConversation

ENDING = ".txt"


class ConversationFolder:
    """Implements `ports.Conversations`. Names are checked by whoever asks: they have no slash."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def rows(self) -> list[KeptConversation]:
        paths = await asyncio.to_thread(lambda: sorted(self._folder.glob(f"*{ENDING}")))
        return [KeptConversation(path.name.removesuffix(ENDING), str(path)) for path in paths]

    async def read(self, name: str) -> str:
        try:
            return await asyncio.to_thread(self._path(name).read_text, "utf-8")
        except FileNotFoundError:
            raise NotFound(what="conversation", name=name) from None
        except (OSError, UnicodeDecodeError) as error:
            raise Unavailable(what=str(self._path(name)), reason=str(error)) from None

    async def write(self, name: str, text: str) -> KeptConversation:
        try:
            await asyncio.to_thread(self._put, self._path(name), text)
        except OSError as error:
            raise Unavailable(what=str(self._folder), reason=error.strerror or str(error)) from None
        return KeptConversation(name, str(self._path(name)))

    def _put(self, path: Path, text: str) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(".part")
        draft.write_text(text, "utf-8")
        draft.replace(path)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{ENDING}"
