"""Which events were seen already, for as many of the newest as fit; the store's unique index knows the rest."""

from __future__ import annotations

from collections import deque


class Window:
    """The newest `capacity` keys.

    Keeps Python's own keyed 64-bit hashes, not the keys: 50,000 of them take about 5 MB, and nobody outside can craft
    a collision.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: set[int] = set()
        # A dict would keep the order too, but to find its oldest key it walks over the places of all forgotten ones:
        # 13 us an event.
        self._order: deque[int] = deque()

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, account: str, key: str) -> bool:
        """True when (account, key) is new; it is known from then on."""
        name = hash((account, key))
        if name in self._seen:
            return False
        self._seen.add(name)
        self._order.append(name)
        if len(self._order) > self._capacity:
            self._seen.remove(self._order.popleft())
        return True
