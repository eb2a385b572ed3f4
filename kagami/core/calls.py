"""Echo bookkeeping: which answer belongs to which call of one connection."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Calls(Generic[Answer]):
    """The open calls of one connection. An echo is a string that is never used twice on it."""

    __slots__ = ("_numbers", "_waiting")

    def __init__(self) -> None:
        self._numbers = count(1)
        self._waiting: dict[str, Callable[[Answer], None]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def issue(self, settle: Callable[[Answer], None]) -> str:
        """A new echo; `settle` is called at most once, with its answer."""
        # Not a bare number: some implementations give a numeric string back as a number.
        echo = f"k{next(self._numbers)}"
        self._waiting[echo] = settle
        return echo

    def resolve(self, echo: object, answer: Answer) -> bool:
        """Give an answer to whom it belongs; False when nobody waits for it (any more)."""
        settle = self._waiting.pop(echo, None) if isinstance(echo, str) else None
        if settle is None:
            return False
        settle(answer)
        return True

    def forget(self, echo: str) -> None:
        """Its caller waits no more."""
        self._waiting.pop(echo, None)

    def abandon(self, answer: Answer) -> int:
        """The connection is gone: everybody gets this answer. Returns how many that were."""
        waiting, self._waiting = self._waiting, {}
        for settle in waiting.values():
            settle(answer)
        return len(waiting)
