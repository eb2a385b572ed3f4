"""Payloads that come in several frames."""

from __future__ import annotations

from kagami.errors import WireError

MOST_PARTS = 256
MOST_SETS = 64
MOST_BYTES = 16 * 1024 * 1024
LONGEST_SECONDS = 10.0
LONGEST_KEY = 200


class _Set:
    __slots__ = ("began", "parts", "size", "total")

    def __init__(self, total: int, began: float) -> None:
        self.total = total
        self.began = began
        self.size = 0
        self.parts: dict[int, bytes] = {}


class Chunks:
    """Sets of parts that are not whole yet, within limits on their number, their bytes together and their age.

    What is lost here was not acknowledged: the platform brings it again.
    """

    def __init__(self) -> None:
        self._sets: dict[str, _Set] = {}
        self._size = 0

    def __len__(self) -> int:
        return len(self._sets)

    def add(self, key: str, total: int, place: int, part: bytes, now: float) -> bytes | None:
        """The payload when this was its last part, else None. `WireError` for parts that fit to no set."""
        if total <= 1:
            return part
        if not (place < total <= MOST_PARTS and len(key) <= LONGEST_KEY):
            raise WireError(reason=f"part {place} of {total}")
        self._forget_old(now)
        found = self._sets.get(key)
        if found is None:
            found = self._sets[key] = _Set(total, now)
        elif found.total != total:
            self._drop(key)
            raise WireError(reason=f"a set of {found.total} parts goes on with {total}")
        self._put(found, place, part)
        if len(found.parts) == total:
            self._drop(key)
            return b"".join(found.parts[each] for each in range(total))
        self._make_room(key)
        return None

    def _put(self, found: _Set, place: int, part: bytes) -> None:
        more = len(part) - len(found.parts.get(place, b""))
        found.parts[place] = part
        found.size += more
        self._size += more

    def _make_room(self, key: str) -> None:
        """The oldest sets go first, this one when nothing else is left."""
        while self._size > MOST_BYTES or len(self._sets) > MOST_SETS:
            oldest = next(iter(self._sets))
            self._drop(oldest)
            if oldest == key:
                raise WireError(reason=f"parts of more than {MOST_BYTES} bytes")

    def _forget_old(self, now: float) -> None:
        for key in [key for key, each in self._sets.items() if now - each.began > LONGEST_SECONDS]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        self._size -= self._sets.pop(key).size
