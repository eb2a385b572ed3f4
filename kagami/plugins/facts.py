"""Facts that the plugin host keeps among the plugins' values, under namespaces that no plugin's id can have."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from kagami import log
from kagami.plugins.values import Values
from kagami.ports import StorePut

T = TypeVar("T")
_log = log.get("plugins")


async def read_facts(values: Values, namespace: str, kind: type[T]) -> dict[str, T]:
    """By key. One that does not read, as another Kagami may have left it, is logged and left out."""
    facts: dict[str, T] = {}
    for key, text in (await values.items(namespace)).items():
        try:
            facts[key] = msgspec.json.decode(text, type=kind)
        except msgspec.DecodeError as error:
            _log.warning("a fact of the plugin host does not read", namespace=namespace, key=key, error=error)
    return facts


def fact(namespace: str, key: str, value: Any) -> StorePut:
    """What writes a fact; a value of None deletes it."""
    return StorePut(namespace, key, None if value is None else msgspec.json.encode(value).decode())


def chat_key(plugin: str, bot: str, chat: str) -> str:
    """One key for a plugin in a chat: no plugin's id has a slash, and a bot's is escaped."""
    return f"{plugin}/{bot.replace('%', '%25').replace('/', '%2F')}/{chat}"


def split_chat_key(key: str) -> tuple[str, str, str]:
    """`(plugin, bot, chat)` of a `chat_key`."""
    plugin, bot, chat = key.split("/", 2)
    return plugin, bot.replace("%2F", "/").replace("%25", "%"), chat
