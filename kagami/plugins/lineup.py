"""A picture of what serves: the stable version of each plugin, and for some chats another one in its place."""

from __future__ import annotations

from collections.abc import Mapping

from kagami.plugins.active import Active
from kagami.plugins.table import Renames, Table

# (plugin, version) in order of their plugins; an empty version leaves the plugin out.
Variation = tuple[tuple[str, str], ...]
MOST_TABLES = 256


class Lineup:
    """Never changed: replaced whole. `table` is the one of every chat that gets nothing special."""

    def __init__(
        self,
        stable: Mapping[str, Active],
        others: Mapping[tuple[str, str], Active],
        prefix: str,
        renames: Renames,
    ) -> None:
        self.stable = stable
        self.others = others
        self._prefix = prefix
        self._renames = renames
        self._tables: dict[Variation, Table] = {}
        self.table = self._made(stable)

    def varied(self, variation: Variation, only: str = "") -> Table:
        """The table with other versions in their plugins' places; a version that does not run changes nothing.

        `only` names a plugin beside which no other serves.
        """
        if only:
            chosen = dict(variation)
            variation = tuple((each, "" if each != only else chosen.get(each, "*")) for each in self.stable)
        table = self._tables.get(variation)
        if table is None:
            if len(self._tables) >= MOST_TABLES:
                self._tables.clear()
            table = self._tables[variation] = self._made(self._with(variation))
        return table

    def _with(self, variation: Variation) -> dict[str, Active]:
        actives = dict(self.stable)
        for plugin, version in variation:
            if not version:
                actives.pop(plugin, None)
            elif (other := self.others.get((plugin, version))) is not None:
                actives[plugin] = other
        return actives

    def _made(self, actives: Mapping[str, Active]) -> Table:
        ordered = sorted(actives.values(), key=lambda active: (not active.builtin, active.id))
        return Table(ordered, self._prefix, self._renames)
