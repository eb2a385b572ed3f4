"""Which events were seen already, for as many of the newest as fit; the store's unique index knows the rest."""

from __future__ import annotations


class Window:
    """The newest `capacity` keys.

    Keeps Python's own keyed 64-bit hashes, not the keys: 50,000 of them take about 5 MB, and nobody outside can craft
    a collision.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._seen: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, account: str, key: str) -> bool:
        """True when (account, key) is new; it is known from then on."""
        name = hash((account, key))
        if name in self._seen:
            return False
        self._seen[name] = None
        if len(self._seen) > self._capacity:
            del self._seen[next(iter(self._seen))]
        return True
