"""What operators chose: the version of each plugin that serves, and the one before it. Kept in `@choices`."""

from __future__ import annotations

import msgspec

from kagami.plugins.values import Values
from kagami.ports import StorePut

SPACE = "@choices"


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    """`version` serves whatever higher ones there are (empty: the highest does); `previous` served before.

    `pinned` keeps updates from the market away. `declared` is the canary weight that the manifest of a version had
    when it was last looked at: only a change of it counts, so that an operator's own weight stays.
    """

    version: str = ""
    previous: str = ""
    pinned: bool = False
    declared: dict[str, int] = {}


class Choices:
    """All of them, in memory after `open`."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._choices: dict[str, Choice] = {}

    async def open(self) -> None:
        kept = await self._values.items(SPACE)
        self._choices = {plugin: msgspec.json.decode(text, type=Choice) for plugin, text in kept.items()}

    @property
    def pinned(self) -> set[str]:
        """Plugins that get no updates from the market."""
        return {plugin for plugin, choice in self._choices.items() if choice.pinned}

    def of(self, plugin: str) -> Choice:
        return self._choices.get(plugin) or Choice()

    async def change(self, plugin: str, **changes: object) -> Choice:
        """Replace some fields; real when it ends."""
        before = self.of(plugin)
        choice = msgspec.structs.replace(before, **changes)
        if choice != before:
            self._choices[plugin] = choice
            await self._values.put_many((StorePut(SPACE, plugin, msgspec.json.encode(choice).decode()),))
        return choice
