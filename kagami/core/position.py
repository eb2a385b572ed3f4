"""How far somebody has come among numbers that several processes give: each is in order with its own alone."""

from __future__ import annotations

from collections.abc import Iterable

from kagami.core.partition import slot_of


class Position:
    """The highest number that was taken of each slot; of one for all where one process numbers everything."""

    __slots__ = ("_highest",)

    def __init__(self, numbers: Iterable[int]) -> None:
        self._highest = list(numbers)

    @classmethod
    def at(cls, number: int, slots: int) -> Position:
        """Everything up to a number was taken, whoever gave it."""
        return cls([number] * slots)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Position) and self._highest == other._highest

    __hash__ = None  # type: ignore[assignment]  # it moves

    def __repr__(self) -> str:
        return f"Position({self._highest})"

    @property
    def numbers(self) -> tuple[int, ...]:
        """By slot."""
        return tuple(self._highest)

    @property
    def highest(self) -> int:
        return max(self._highest)

    def has(self, number: int) -> bool:
        return number <= self._highest[slot_of(number, len(self._highest))]

    def behind(self, other: Position) -> bool:
        """Whether the other one has taken something that this one has not."""
        return any(mine < theirs for mine, theirs in zip(self._highest, other._highest, strict=True))

    def advance(self, number: int) -> None:
        slot = slot_of(number, len(self._highest))
        self._highest[slot] = max(number, self._highest[slot])

    def lift(self, other: Position) -> None:
        """Have what the other one has, too."""
        self._highest = [max(each) for each in zip(self._highest, other._highest, strict=True)]

    def copy(self) -> Position:
        return Position(self._highest)
