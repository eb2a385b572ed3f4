"""Numbers for ids without a disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count

from kagami.core.numbers import candidate, own_number
from kagami.ports import Named


class MemoryNumbers:
    """Implements `ports.Numbers` in a dictionary."""

    def __init__(self) -> None:
        self.named: dict[int, Named] = {}
        self._numbers: dict[str, int] = {}

    async def give(self, texts: Mapping[str, str]) -> dict[str, int]:
        return {text: self._give(text, chat) for text, chat in texts.items()}

    async def find(self, numbers: Iterable[int]) -> dict[int, Named]:
        return {number: self.named[number] for number in numbers if number in self.named}

    def _give(self, text: str, chat: str) -> int:
        number = self._numbers.get(text) or own_number(text)
        if number is None:
            tries = (candidate(text, attempt) for attempt in count())
            number = self._numbers[text] = next(each for each in tries if each not in self.named)
            self.named[number] = Named(text, chat)
        return number
