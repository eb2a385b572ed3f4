"""What was said lately, and where: some events name a message and nothing else. Forgotten with the process."""

from __future__ import annotations

from typing import NamedTuple

from kagami.model.ids import ChatId, chat_id

MOST = 10_000


class Spot(NamedTuple):
    """Where a message was said and by whom; `user` is empty when that was the bot itself."""

    chat: ChatId
    user: str


class Recent:
    """The newest messages, and which chats are private: there a chat is named by its user."""

    def __init__(self) -> None:
        self._spots: dict[str, Spot] = {}
        self._private: dict[str, ChatId] = {}

    def saw(self, message_id: str, chat: ChatId, user: str = "") -> None:
        self._spots[message_id] = Spot(chat, user)
        if len(self._spots) > MOST:
            del self._spots[next(iter(self._spots))]

    def spot(self, message_id: str) -> Spot | None:
        return self._spots.get(message_id)

    def is_ours(self, message_id: str) -> bool:
        spot = self._spots.get(message_id)
        return spot is not None and not spot.user

    def private(self, chat: str, user: str) -> ChatId:
        """A chat with one user, from now on known as such."""
        named = self._private[chat] = chat_id("private", user)
        if len(self._private) > MOST:
            del self._private[next(iter(self._private))]
        return named

    def chat(self, chat: str) -> ChatId:
        """Of a chat's own id (`oc_…`)."""
        return self._private.get(chat) or chat_id("group", chat)
