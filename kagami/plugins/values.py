"""`ctx.store`: a plugin's own values, each under a key, kept as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from kagami.errors import UsageError
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
    """

    __slots__ = ("_plugin", "_values", "execution")

    def __init__(self, plugin: str, values: Values, execution: Execution | None) -> None:
        self._plugin = plugin
        self._values = values
        self.execution = execution

    async def get(self, key: str, default: Any = None, *, type: Any = Any) -> Any:  # noqa: A002
        """The value under `key` as plain JSON values, or as a `type` that msgspec can make of them."""
        staged = self.execution.staged(self._plugin) if self.execution else {}
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
        """Sorted keys that start with `prefix`."""
        found = set(await self._values.keys(self._plugin, prefix))
        for key, value in (self.execution.staged(self._plugin) if self.execution else {}).items():
            if value is None:
                found.discard(key)
            elif key.startswith(prefix):
                found.add(key)
        return sorted(found)

    async def list(self, prefix: str = "") -> dict[str, Any]:
        """Keys that start with `prefix`, with their values."""
        return {key: await self.get(key) for key in await self.keys(prefix)}

    async def _write(self, key: str, value: str | None) -> None:
        if not key or len(key) > LONGEST_KEY:
            raise UsageError(reason=f"A key has 1 to {LONGEST_KEY} characters.")
        write = StorePut(self._plugin, key, value)
        if self.execution is not None:
            self.execution.stage(write)
        else:
            await self._values.put_many((write,))
