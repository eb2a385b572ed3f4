"""Plugins that are turned off, everywhere or in single chats."""

from __future__ import annotations

from collections.abc import Iterable

from kagami.errors import UsageError
from kagami.i18n import mark
from kagami.plugins.facts import chat_key, fact, read_facts, split_chat_key
from kagami.plugins.values import Values

SWITCHES = "@switches"
EVERYWHERE = ("", "")


class Switches:
    """A plugin that is off everywhere stays so in every chat; chats that are off besides are remembered."""

    def __init__(self, values: Values) -> None:
        self._values = values
        self._off: dict[str, set[tuple[str, str]]] = {}

    async def open(self) -> None:
        """Read what was kept."""
        self._off = {}
        for key in await read_facts(self._values, SWITCHES, bool):
            plugin, bot, chat = split_chat_key(key)
            self._off.setdefault(plugin, set()).add((bot, chat))

    def is_off(self, plugin: str, bot: str, chat: str) -> bool:
        """Asked for every event: one look when nothing is off."""
        if not self._off:
            return False
        off = self._off.get(plugin)
        return off is not None and (EVERYWHERE in off or (bot, chat) in off)

    def is_off_everywhere(self, plugin: str) -> bool:
        return EVERYWHERE in self._off.get(plugin, ())

    @property
    def plugins(self) -> Iterable[str]:
        """Those that are off anywhere."""
        return self._off.keys()

    def places(self) -> list[tuple[str, str, str]]:
        """Plugin, bot and chat of each that is off; both empty for everywhere."""
        return sorted((plugin, *place) for plugin, off in self._off.items() for place in off)

    def count(self, plugin: str) -> int:
        """In how many single chats it is off."""
        off = self._off.get(plugin, ())
        return len(off) - (EVERYWHERE in off)

    async def set(self, plugin: str, bot: str, chat: str, *, on: bool) -> None:
        """Turn a plugin on or off in one chat, or everywhere when both `bot` and `chat` are empty."""
        if bool(bot) != bool(chat):
            raise UsageError(reason=mark("Name both the account and the chat, or neither."))
        await self._values.put_many((fact(SWITCHES, chat_key(plugin, bot, chat), None if on else True),))
        if not on:
            self._off.setdefault(plugin, set()).add((bot, chat))
        elif off := self._off.get(plugin):
            off.discard((bot, chat))
            if not off:
                del self._off[plugin]
