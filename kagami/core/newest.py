"""The last so many by key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Generic, TypeVar

REMEMBERED = 20_000

Key = TypeVar("Key")
Value = TypeVar("Value")


class Newest(Generic[Key, Value]):
    """A table that stays small: with each new key beyond `most`, the one that was set longest ago goes."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Value] = OrderedDict()

    def __setitem__(self, key: Key, value: Value) -> None:
        self.put(key, value)

    def put(self, key: Key, value: Value) -> Key | None:
        """Set it; the key that had to go for it."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        return self._kept.popitem(last=False)[0] if len(self._kept) > self._most else None

    def get(self, key: Key) -> Value | None:
        return self._kept.get(key)

    def pop(self, key: Key) -> Value | None:
        return self._kept.pop(key, None)

    def items(self) -> Iterator[tuple[Key, Value]]:
        return iter(self._kept.items())

    def __iter__(self) -> Iterator[Value]:
        return iter(self._kept.values())
