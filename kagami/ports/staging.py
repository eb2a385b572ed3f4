"""What a handler put into stores and is not yet real."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kagami.ports.store import StorePut

__all__ = ["Staging"]


class Staging:
    """That part of `Execution`: the last value of each key, in the order in which keys were first put."""

    __slots__ = ("_staged",)

    def __init__(self) -> None:
        self._staged: dict[tuple[str, str], StorePut] = {}

    def stage(self, write: StorePut) -> None:
        self._staged[write.plugin, write.key] = write

    def staged(self, plugin: str) -> Mapping[str, str | None]:
        return {key: write.value for (owner, key), write in self._staged.items() if owner == plugin}

    def savepoint(self) -> Callable[[], None]:
        kept = dict(self._staged)

        def forget() -> None:
            self._staged = kept

        return forget

    @property
    def effects(self) -> tuple[StorePut, ...]:
        """What becomes real at the event's end."""
        return tuple(self._staged.values())
