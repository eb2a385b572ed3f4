"""Where files lie that were not fetched yet: the address and the key stay here, messages have names of them alone."""

from __future__ import annotations

import hashlib
from itertools import islice

import msgspec

from kagami.adapters.weixin.codec import FILE_MARK, Place
from kagami.errors import Refused
from kagami.model.ids import BotId
from kagami.ports import Memory

KEY = "file/"
MOST = 500


class Lying(msgspec.Struct, frozen=True):
    """A file, since when it is known (wall time)."""

    place: Place
    since_ms: int


class Files:
    """The newest of them, with what outlives a restart in the account's memory."""

    def __init__(self, bot: BotId, memory: Memory) -> None:
        self._bot = bot
        self._memory = memory
        self._known: dict[str, Lying] = {}  # the newest is the last
        self._changed: set[str] = set()

    async def load(self) -> None:
        found: dict[str, Lying] = {}
        for key, text in (await self._memory.items(self._bot, KEY)).items():
            try:
                found[key.removeprefix(KEY)] = msgspec.json.decode(text, type=Lying)
            except msgspec.DecodeError:
                continue
        self._known = dict(sorted(found.items(), key=lambda each: each[1].since_ms))

    def put(self, place: Place, now_ms: int) -> str:
        """The name by which it can be found."""
        digest = hashlib.sha256(msgspec.json.encode(place)).hexdigest()[:32]
        self._known.pop(digest, None)
        self._known[digest] = Lying(place, now_ms)
        gone = list(islice(self._known, max(0, len(self._known) - MOST)))
        for each in gone:
            del self._known[each]
        self._changed.update((digest, *gone))
        return f"{FILE_MARK}{digest}"

    def find(self, name: str) -> Place:
        """`Refused` for what has no such name, or had it too long ago."""
        found = self._known.get(name.removeprefix(FILE_MARK))
        if found is None:
            raise Refused(reason="that is no file of WeChat, or one of long ago")
        return found.place

    def changes(self) -> dict[str, str]:
        """What is to be noted, once; an empty text for what is forgotten."""
        changed, self._changed = self._changed, set()
        return {
            f"{KEY}{each}": msgspec.json.encode(self._known[each]).decode() if each in self._known else ""
            for each in changed
        }
