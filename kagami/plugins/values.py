"""`ctx.store`: a plugin's own values, each under a key, kept as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from kagami.core.scopes import identity
from kagami.errors import UsageError
from kagami.model.event import Event
from kagami.ports import Execution, StorePut

LONGEST_KEY = 512
_decode = msgspec.json.Decoder().decode


class Values(Protocol):
    """The part of `ports.Store` that keeps plugins' values."""

    async def get(self, plugin: str, key: str) -> str | None: ...

    async def keys(self, plugin: str, prefix: str) -> list[str]: ...

    async def items(self, plugin: str, prefix: str = "") -> dict[str, str]: ...

    async def put_many(self, writes: Sequence[StorePut]) -> None: ...


class PluginStore:
    """Writes of a handler become real together with its event's completion and are seen by its own reads before.

    Without an event (`execution` is None: hooks, background tasks) a write is real when its `await` ends.
    `plugin` is the namespace of the plugin's values: its id, or another for another form of state.
    """

    __slots__ = ("_event", "_plugin", "_values", "execution")

    def __init__(self, plugin: str, values: Values, execution: Execution | None) -> None:
        self._plugin = plugin
        self._values = values
        self.execution = execution
        self._event = execution.event if execution else None

    @property
    def chat(self) -> StorePart:
        """The values of this conversation's chat, in this account. `UsageError` where there is no conversation."""
        event = self._conversation()
        return StorePart(self, "chat", event.bot, event.chat)

    @property
    def user(self) -> StorePart:
        """The values of this conversation's user: the same in every chat, and for every account of the platform."""
        return StorePart(self, "user", identity(self._conversation()))

    async def get(self, key: str, default: Any = None, *, type: Any = Any) -> Any:  # noqa: A002
        """The value under `key` as plain JSON values, or as a `type` that msgspec can make of them."""
        staged = self._staged()
        text = staged[key] if key in staged else await self._values.get(self._plugin, key)
        if text is None:
            return default
        return _decode(text) if type is Any else msgspec.json.decode(text, type=type)

    async def put(self, key: str, value: Any) -> None:
        """Keep anything that msgspec writes as JSON."""
        await self._write(key, msgspec.json.encode(value).decode())

    async def delete(self, key: str) -> None:
        await self._write(key, None)

    async def keys(self, prefix: str = "") -> list[str]:
        """Sorted keys that start with `prefix`. Those of chats and users start with `@chat/` and `@user/`."""
        found = set(await self._values.keys(self._plugin, prefix))
        for key, value in self._staged().items():
            if value is None:
                found.discard(key)
            elif key.startswith(prefix):
                found.add(key)
        return sorted(found)

    async def list(self, prefix: str = "") -> dict[str, Any]:
        """Keys that start with `prefix`, with their values."""
        found: dict[str, str | None] = {**await self._values.items(self._plugin, prefix)}
        found |= {key: value for key, value in self._staged().items() if key.startswith(prefix)}
        return {key: _decode(value) for key, value in sorted(found.items()) if value is not None}

    def _staged(self) -> Mapping[str, str | None]:
        return self.execution.staged(self._plugin) if self.execution else {}

    def _conversation(self) -> Event:
        if self._event is None:
            raise UsageError(reason="There is no conversation here.")
        return self._event

    async def _write(self, key: str, value: str | None) -> None:
        if not key or len(key) > LONGEST_KEY:
            raise UsageError(reason=f"A key has 1 to {LONGEST_KEY} characters.")
        write = StorePut(self._plugin, key, value)
        if self.execution is not None:
            self.execution.stage(write)
        else:
            await self._values.put_many((write,))


class StorePart:
    """The values of one chat or one user: the same methods, over keys of its own."""

    __slots__ = ("_start", "_whole")

    def __init__(self, whole: PluginStore, *names: str) -> None:
        self._whole = whole
        self._start = "@" + "".join(f"{name.replace('%', '%25').replace('/', '%2F')}/" for name in names)

    async def get(self, key: str, default: Any = None, *, type: Any = Any) -> Any:  # noqa: A002
        return await self._whole.get(self._start + key, default, type=type)

    async def put(self, key: str, value: Any) -> None:
        await self._whole.put(self._full(key), value)

    async def delete(self, key: str) -> None:
        await self._whole.delete(self._full(key))

    async def keys(self, prefix: str = "") -> list[str]:
        return [key.removeprefix(self._start) for key in await self._whole.keys(self._start + prefix)]

    async def list(self, prefix: str = "") -> dict[str, Any]:
        found = await self._whole.list(self._start + prefix)
        return {key.removeprefix(self._start): value for key, value in found.items()}

    def _full(self, key: str) -> str:
        if not key:
            raise UsageError(reason="A key has at least one character.")
        return self._start + key
