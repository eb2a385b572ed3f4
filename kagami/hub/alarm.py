"""Tells people: on the board, and the super admins in their private chats when it is serious."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Literal

from kagami.hub.board import Board
from kagami.hub.registry import BotRegistry
from kagami.i18n import Translate
from kagami.model.action import Send
from kagami.model.ids import BotId, ChatId, ExecutionId, chat_id, split_id
from kagami.model.message import text as message
from kagami.net.supervise import Nursery
from kagami.ports import Outbox

# What is told in chats too. The console shows everything.
SERIOUS = frozenset({"canary_abort", "quarantine", "recall"})


class Alarm:
    """`admins` are `platform:user id`; each is reached by the first account of that platform that is online."""

    def __init__(
        self,
        board: Board,
        bots: BotRegistry,
        outbox: Outbox,
        nursery: Nursery,
        *,
        admins: Collection[str],
        translate: Translate,
        new_execution: Callable[[], ExecutionId],
    ) -> None:
        self._board = board
        self._bots = bots
        self._outbox = outbox
        self._nursery = nursery
        self._admins = sorted(admins)
        self._translate = translate
        self._new_execution = new_execution

    def tell(self, level: Literal["info", "warning", "error"], kind: str, text: str, **fields: str) -> None:
        """`text` is a translation key with `{field}` places."""
        self._board.notice(level, kind, text, **fields)
        if kind in SERIOUS and self._admins:
            # Of an empty text a catalogue tells about itself.
            told = {key: self._translate(value) if value else "" for key, value in fields.items()}
            self._nursery.start(f"tell admins: {kind}", self._send(self._translate(text).format_map(told)))

    async def _send(self, words: str) -> None:
        execution = self._new_execution()
        for ordinal, (bot, chat) in enumerate(self._reached()):
            await self._outbox.send(execution, ordinal, Send(bot, chat, message(words)))

    def _reached(self) -> list[tuple[BotId, ChatId]]:
        online = {split_id(bot.id)[0]: bot.id for bot in self._bots.all() if bot.health().state == "online"}
        found = []
        for admin in self._admins:
            platform, user = split_id(admin)
            if platform in online:
                found.append((online[platform], chat_id("private", user)))
        return found
