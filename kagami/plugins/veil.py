"""The privacy guard in one chat, for what leaves this process and what comes back."""

from __future__ import annotations

from typing import TypeVar

from kagami.core.privacy.config import Where
from kagami.core.privacy.desk import place_of
from kagami.model.event import Event
from kagami.ports import Privacy

T = TypeVar("T")


class Veil:
    """`on` tells whether anything is hidden; when it is not, every text stays as it is."""

    __slots__ = ("_chat", "_guard", "on")

    def __init__(self, guard: Privacy | None, event: Event, where: Where) -> None:
        self._guard = guard
        self._chat = place_of(event.bot, event.chat)
        self.on = guard is not None and guard.guards(where)
        if guard is not None and self.on:
            guard.meet(event)

    def know(self, *names: str) -> None:
        """These are names of people in this chat, besides those who have said something."""
        if self._guard and self.on:
            self._guard.know(names, self._chat)

    def mask(self, text: str) -> str:
        """With stand-ins such as `[phone-1]` for what is private; the same value has the same one in this chat."""
        return self._guard.mask(text, self._chat, both_ways=True) if self._guard and self.on else text

    def restore(self, text: str) -> str:
        """With what this chat's stand-ins stand for. Say the result in this chat only."""
        return self._guard.restore(text, self._chat) if self._guard and self.on else text

    def outside(self, event: Event, end: int = 0) -> tuple[Event, int]:
        return self._guard.outside(event, end) if self._guard and self.on else (event, end)

    def masked(self, value: T) -> T:
        return self._guard.masked(value, self._chat) if self._guard and self.on else value

    def restored(self, value: T) -> T:
        return self._guard.restored(value, self._chat) if self._guard and self.on else value
