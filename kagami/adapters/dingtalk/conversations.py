"""The chats that a robot was spoken to in: what they are called, and for a while an address to answer to.

A session webhook takes messages from whoever knows it, so that it is in no log and no event. It is kept, so that an
answer finds its way after a restart too.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from kagami.core.limits import Buckets
from kagami.core.newest import REMEMBERED, Newest
from kagami.model.ids import BotId, ChatId
from kagami.ports import Memory

PREFIX = "chat/"
# All of it, since readers of addresses differ in where a strange host ends.
_DINGTALK = re.compile(r"(?:[a-z0-9-]+\.)*dingtalk\.com(?::443)?")
MARGIN_MS = 30_000  # not to be late on the way
# It is good for 90 minutes and another one comes with each message: a third of that may be lost by a crash.
STALE_MS = 30 * 60_000
# DingTalk blocks a robot for 10 minutes that says more than 20 times a minute something in a group.
BURST, PER_SECOND = 5.0, 0.25
BLOCKED_MS = 600_000


class Conversation(msgspec.Struct, frozen=True, omit_defaults=True):
    """`until_ms` is wall time; `webhook` is empty where there is none."""

    title: str = ""
    webhook: str = ""
    until_ms: int = 0


class Conversations:
    """`home` is the address of the API, whose host may be told too: a proxy's, a test's."""

    def __init__(self, bot: BotId, memory: Memory, home: str, most: int = REMEMBERED) -> None:
        self._bot = bot
        self._memory = memory
        self._home = urlsplit(home)
        self._known: Newest[str, Conversation] = Newest(most)
        self._kept: dict[str, Conversation] = {}
        self._blocked: dict[ChatId, int] = {}
        self._pace = Buckets(PER_SECOND, BURST)

    async def load(self, now_ms: int) -> None:
        """What is known from before; private chats that cannot be answered any more are forgotten."""
        gone: dict[str, str] = {}
        for key, text in (await self._memory.items(self._bot, PREFIX)).items():
            chat, told = key.removeprefix(PREFIX), msgspec.json.decode(text, type=Conversation)
            if told.until_ms <= now_ms and chat.startswith("private:"):
                gone[key] = ""
            else:
                gone |= self._put(chat, told)
                self._kept[chat] = told
        if gone:
            await self._memory.write(self._bot, gone)

    async def learn(self, chat: str, title: str, webhook: str, until_ms: int) -> None:
        """Somebody spoke there; it ends when what matters is on disk."""
        if webhook and not self.trusts(webhook):
            webhook, until_ms = "", 0
        told = Conversation(title, webhook, until_ms)
        if gone := self._put(chat, told):
            await self._memory.write(self._bot, gone)
        kept = self._kept.get(chat)
        if kept is None or kept.title != title or kept.until_ms < until_ms - STALE_MS:
            self._kept[chat] = told
            await self._memory.write(self._bot, {PREFIX + chat: msgspec.json.encode(told).decode()})

    def _put(self, chat: str, told: Conversation) -> dict[str, str]:
        """What is to be written down of the chat that had to go for it."""
        gone = self._known.put(chat, told)
        if gone is None:
            return {}
        self._kept.pop(gone, None)
        return {PREFIX + gone: ""}

    def trusts(self, url: str) -> bool:
        """Whether an address is DingTalk's own, or of the host that speaks for it."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        if (parts.scheme, parts.netloc) == (self._home.scheme, self._home.netloc):
            return True
        return parts.scheme == "https" and _DINGTALK.fullmatch(parts.netloc) is not None

    def webhook(self, chat: ChatId, now_ms: int) -> str:
        """Where to answer to; empty when there is no such place now."""
        told = self._known.get(chat)
        if told is None or told.until_ms - MARGIN_MS <= now_ms or self._blocked.get(chat, 0) > now_ms:
            return ""
        return told.webhook

    def block(self, chat: ChatId, now_ms: int) -> None:
        """Its webhooks take nothing for a while."""
        self._blocked = {each: until_ms for each, until_ms in self._blocked.items() if until_ms > now_ms}
        self._blocked[chat] = now_ms + BLOCKED_MS

    def forget(self, chat: ChatId) -> None:
        """Its webhook takes nothing any more; the next message brings another one."""
        if (told := self._known.get(chat)) is not None:
            self._known[chat] = msgspec.structs.replace(told, webhook="")

    def turn(self, chat: ChatId, now: float, longest: float) -> float:
        """Take the next turn to speak and return the seconds to wait for it; one beyond `longest` is not taken."""
        if not chat.startswith("group:"):
            return 0.0
        wait = self._pace.wait(chat, now)
        return wait if wait > longest else self._pace.reserve(chat, now)

    def title(self, chat: str) -> str | None:
        """What a chat is called; None when the robot was never spoken to there."""
        told = self._known.get(chat)
        return None if told is None else told.title

    def groups(self) -> dict[str, str]:
        """Titles by conversation id."""
        return {
            chat.removeprefix("group:"): told.title for chat, told in self._known.items() if chat.startswith("group:")
        }
