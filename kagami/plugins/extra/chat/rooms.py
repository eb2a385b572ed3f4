"""The chats that are known now: what each remembers, whether it is on, and its rounds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from kagami.plugins.api import Context

from .endpoints import Chain
from .masking import Names
from .memory import PREFIX, Line, Memory, key_of, read_lines
from .options import ChatSettings
from .rounds import Rounds

ENABLED = "enabled"
MOST_ROOMS = 500

Ctx = Context[ChatSettings]


class Asked(NamedTuple):
    """An event that wants an answer. `must` when somebody waits for it."""

    ctx: Ctx
    must: bool


Answer = Callable[["Room", list[Asked]], Awaitable[None]]


class Room:
    """One chat. Times are milliseconds: of the last answer, and of the last word that no model is there."""

    def __init__(self, memory: Memory, answer: Answer, *, enabled: bool | None) -> None:
        async def round_(asked: list[Asked]) -> None:
            await answer(self, asked)

        self.memory = memory
        self.enabled = enabled
        self.names = Names()
        self.rounds: Rounds[Asked] = Rounds(round_)
        self.spoke_ms = 0
        self.excused_ms = 0

    def is_on(self, settings: ChatSettings) -> bool:
        return settings.enabled if self.enabled is None else self.enabled

    async def remember(self, ctx: Ctx, serial: int, line: Line) -> None:
        for dropped in self.memory.put(serial, line):
            await ctx.store.chat.delete(key_of(dropped))
        if serial in self.memory:
            await ctx.store.chat.put(key_of(serial), line)

    async def forget(self, ctx: Ctx) -> None:
        """What is being answered now will not be remembered either: it is put into a memory that nobody has."""
        self.memory = Memory(ctx.settings.lines, following=self.memory.following)
        self.names = Names()
        for key in await ctx.store.chat.keys(PREFIX):
            await ctx.store.chat.delete(key)


class Rooms:
    """All rooms of a running plugin, and the models that they share."""

    def __init__(self, settings: ChatSettings) -> None:
        self.chain = Chain(settings.endpoints)
        self._rooms: dict[tuple[str, str], Room] = {}

    async def enter(self, ctx: Ctx, answer: Answer) -> Room:
        """The room of an event's chat, from the store when it was not seen lately."""
        key = (ctx.bot, ctx.chat)
        if key not in self._rooms:
            room = await _read(ctx, answer)
            self._rooms.setdefault(key, room)  # another event of this chat may have been faster
        room = self._rooms[key] = self._rooms.pop(key)  # at the end: the one that was entered last
        if len(self._rooms) > MOST_ROOMS:
            self._drop_one()
        return room

    def _drop_one(self) -> None:
        oldest = next((key for key, room in self._rooms.items() if room.rounds.idle), None)
        if oldest is not None:
            del self._rooms[oldest]


async def _read(ctx: Ctx, answer: Answer) -> Room:
    stored: dict[str, Any] = await ctx.store.chat.list(PREFIX)
    most = ctx.settings.lines
    lines = read_lines(stored)
    kept = dict(sorted(lines.items())[-most:])
    for key in stored.keys() - {key_of(serial) for serial in kept}:
        await ctx.store.chat.delete(key)
    enabled: bool | None = await ctx.store.chat.get(ENABLED, type=bool)
    return Room(Memory(most, kept), answer, enabled=enabled)
