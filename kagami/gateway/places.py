"""Where things were said: applications name chats and messages without the account, and answers without the event."""

from __future__ import annotations

from collections.abc import Callable

from kagami.core.newest import Newest
from kagami.core.numbers import own_number
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, chat_id, split_id

# Sends of a worker are numbered far behind those of a plugin, by the time since the event: also after a restart they
# are further ones of the same event.
FIRST_ORDINAL = 1_000
# What is said later than this answers nothing any more.
ANSWERS_MS = 600_000


class _Asked:
    __slots__ = ("at_ms", "execution", "next")

    def __init__(self, execution: ExecutionId, at_ms: int) -> None:
        self.execution = execution
        self.at_ms = at_ms
        self.next = FIRST_ORDINAL


class Places:
    """Learnt from the events that applications got. Of several processes each counts in steps of `slots` from its slot:
    applications of two may answer one event in the same moment.
    """

    def __init__(self, slots: int = 1, slot: Callable[[], int] = lambda: 0) -> None:
        self._slots = slots
        self._slot = slot
        self._bots: Newest[ChatId, BotId] = Newest()
        self._asked: Newest[tuple[BotId, ChatId], _Asked] = Newest()
        self._chats: Newest[tuple[BotId, str], ChatId] = Newest()
        self._private: Newest[tuple[BotId, str], ChatId] = Newest()
        self._witnesses: Newest[str, BotId] = Newest()

    def met(self, event: Event, at_ms: int) -> None:
        """An application gets this event; it was accepted then."""
        self._bots[event.chat] = event.bot
        before = self._asked.get((event.bot, event.chat))
        if before is None or before.execution != event.execution:
            self._asked[event.bot, event.chat] = _Asked(event.execution, at_ms)
        self.said(event.bot, event.message_id, event.chat)
        if event.chat.startswith("private:") and event.chat != chat_id("private", event.user):
            self._private[event.bot, event.user] = event.chat

    def said(self, bot: BotId, message_id: str, chat: ChatId) -> None:
        """A message, or a request, that an application has sent or got."""
        if not message_id:
            return
        self._chats[bot, message_id] = chat
        # Small numbers are messages of many accounts.
        if own_number(message_id) is None:
            self._witnesses[message_id] = bot

    def bot_of(self, chat: ChatId) -> BotId | None:
        """The account of the newest event in a chat of that name."""
        return self._bots.get(chat)

    def witness_of(self, message_id: str) -> BotId | None:
        """The account that has a message or a request; None where several may have one of that name."""
        return self._witnesses.get(message_id)

    def chat_of(self, bot: BotId, message_id: str) -> ChatId:
        """The chat of a message; empty when it is not known."""
        return self._chats.get((bot, message_id)) or ChatId("")

    def private_chat(self, bot: BotId, chat: ChatId) -> ChatId:
        """Where a person is spoken to: platforms name some private chats otherwise than by the person."""
        kind, user = split_id(chat)
        return (self._private.get((bot, user)) if kind == "private" else None) or chat

    def answers(self, bot: BotId, chat: ChatId, now_ms: int) -> tuple[ExecutionId, int] | None:
        """The event that a send to a chat belongs to, and the send's place in it; None when it answers nothing."""
        asked = self._asked.get((bot, chat))
        if asked is None or now_ms - asked.at_ms > ANSWERS_MS:
            return None
        now = FIRST_ORDINAL + max(0, now_ms - asked.at_ms) * self._slots + self._slot()
        asked.next = now if now > asked.next else asked.next + self._slots
        return asked.execution, asked.next
