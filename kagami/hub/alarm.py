"""Tells people: on the board, and the super admins in their private chats when it is serious."""

from __future__ import annotations

from collections.abc import Callable, Collection, Coroutine, Mapping
from typing import Any, Literal

from kagami.core.alerts import LASTING, OVER
from kagami.errors import KagamiError
from kagami.hub.board import Board
from kagami.hub.registry import BotRegistry
from kagami.i18n import Translate, mark
from kagami.model.action import Receipt, Send
from kagami.model.ids import BotId, ChatId, ExecutionId, chat_id, split_id
from kagami.model.message import text as message
from kagami.net.supervise import Nursery
from kagami.ports import Outbox
from kagami.reasons.say import say

# What is told beyond the console too, and its end where it has one.
SERIOUS = (
    frozenset({"backup_late", "canary_abort", "guard", "quarantine", "recall"})
    | LASTING
    | {f"{kind}{OVER}" for kind in LASTING}
)
# To whoever wants to know outside: a notice as plain JSON values.
Post = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]


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
        chats: bool = True,
        post: Post | None = None,
    ) -> None:
        self._board = board
        self._bots = bots
        self._outbox = outbox
        self._nursery = nursery
        self._admins = sorted(admins)
        self._translate = translate
        self._new_execution = new_execution
        self.chats = chats
        self.post = post

    def configure(self, *, admins: Collection[str], chats: bool, post: Post | None) -> None:
        """Go on telling others."""
        self._admins, self.chats, self.post = sorted(admins), chats, post

    def tell(self, level: Literal["info", "warning", "error"], kind: str, text: str, **fields: str) -> None:
        """`text` is a translation key with `{field}` places."""
        self._board.notice(level, kind, text, **fields)
        if kind not in SERIOUS:
            return
        words = self.words(text, fields)
        if self._admins and self.chats:
            self._nursery.start(f"tell admins: {kind}", self._tell_admins(words))
        if self.post is not None:
            over, at_ms = kind.endswith(OVER), self._board.notices()[-1].at_ms
            of = kind.removesuffix(OVER)
            told = {"kind": of, "level": level, "over": over, "text": words, "fields": fields, "at_ms": at_ms}
            self._nursery.start(f"post: {kind}", self.post(told))

    async def _tell_admins(self, words: str) -> None:
        await self._send(words)

    def words(self, text: str, fields: Mapping[str, str]) -> str:
        """A text of the catalogue with its parts, in the house's language."""
        told = {key: say(value, self._translate) for key, value in fields.items()}
        return self._translate(text).format_map(told)

    async def test(self) -> list[str]:
        """Tell everybody who would be told; how each way went, for people."""
        words = self._translate(mark("This is a test: alerts of Kagami come here."))
        told = [f"{chat} ({bot}): {type(receipt).__name__.lower()}" for bot, chat, receipt in await self._send(words)]
        if self.post is not None:
            fields: dict[str, str] = {}
            try:
                await self.post({"kind": "test", "level": "info", "over": False, "text": words, "fields": fields})
                told.append("webhook: sent")
            except KagamiError as error:
                told.append(f"webhook: {error.text(self._translate)}")
        return told

    async def _send(self, words: str) -> list[tuple[BotId, ChatId, Receipt]]:
        execution = self._new_execution()
        told = []
        for ordinal, (bot, chat) in enumerate(self._reached()):
            told.append((bot, chat, await self._outbox.send(execution, ordinal, Send(bot, chat, message(words)))))
        return told

    def _reached(self) -> list[tuple[BotId, ChatId]]:
        online = {split_id(bot.id)[0]: bot.id for bot in self._bots.rows() if bot.health.state == "online"}
        found = []
        for admin in self._admins:
            platform, user = split_id(admin)
            if platform in online:
                found.append((online[platform], chat_id("private", user)))
        return found
