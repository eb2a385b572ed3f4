"""Plugins' values that are given to the ledger and not in the database yet.

The next event of a conversation is handled before the effects of the last one are committed: whoever reads has to see
these over what the database holds.
"""

from __future__ import annotations

from collections.abc import Mapping

from kagami.ports import StorePut
from kagami.storage.batch import Batch


class Unwritten:
    """By plugin and key: the number of the batch that writes it, and the value, None for one that is removed."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, tuple[int, str | None]]] = {}

    def put(self, batch: Batch, write: StorePut) -> None:
        batch.touched.add((write.plugin, write.key))
        self._values.setdefault(write.plugin, {})[write.key] = (batch.number, write.value)

    def written(self, batch: Batch) -> None:
        """Its values are in the database, or given up; those of a later batch stay."""
        for plugin, key in batch.touched:
            values = self._values[plugin]
            if values.get(key, (0, ""))[0] == batch.number:
                del values[key]

    def has(self, plugin: str, key: str) -> bool:
        return key in self._values.get(plugin, ())

    def value(self, plugin: str, key: str) -> str | None:
        return self._values[plugin][key][1]

    def of(self, plugin: str, prefix: str) -> Mapping[str, str | None]:
        """A copy: what is committed while the database is read would be in neither."""
        return {key: value for key, (_, value) in self._values.get(plugin, {}).items() if key.startswith(prefix)}
