"""State that changes its form: each form of a plugin's values has a namespace of its own.

When a version with a higher `state` is to serve first, it gets a copy of the values of the nearest lower state, each
gone through the plugin's upgrades. The older version keeps its own, so both can serve side by side and a rollback
finds what it left. When the newer is promoted, what the older wrote meanwhile is taken over too.

Facts in `@state`: the namespace itself, when it was made, with the state that it was made of; and for each key
`<namespace>/<key>` what was copied, as `Copy`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec

from kagami.errors import LoadError, PluginError
from kagami.plugins.contain import contained
from kagami.plugins.plugin import Declared, Upgrade
from kagami.plugins.values import Values
from kagami.ports import StorePut

FACTS = "@state"
BATCH = 200


class Made(msgspec.Struct, frozen=True):
    """`source` is the state whose values were copied."""

    source: int


class Copy(msgspec.Struct, frozen=True):
    """Hashes of a value as it was and as it was written, and the key of the copy; both empty when it was left out."""

    was: str
    key: str
    written: str


NOTHING = Copy("", "", "")


class Merged(NamedTuple):
    """How many keys were taken over, and how many were not, because the newer version had changed them itself."""

    taken: int
    kept: int


def namespace(plugin: str, state: int) -> str:
    """Where values of this state are kept. No plugin's id has a `#`."""
    return plugin if state == 1 else f"{plugin}#{state}"


async def prepare(values: Values, plugin: str, declared: Declared, state: int, *, version: str = "") -> int:
    """Make the namespace of `state`, unless it was made before; returns how many keys it got.

    `LoadError` names the key that an upgrade could not read; nothing is written then.
    """
    own = namespace(plugin, state)
    if state == 1 or await values.get(FACTS, own) is not None:
        return 0
    source = await _nearest(values, plugin, state)
    kept = await values.items(namespace(plugin, source))
    upgrade = _Upgrade(plugin, version, declared, source, state)
    writes: list[StorePut] = []
    for key, text in kept.items():
        writes += _copied(own, key, text, await upgrade.one(key, text))
    # Leftovers of a copy that was cut off: the fact of its end is not there.
    await _put(values, [StorePut(own, key, None) for key in await values.keys(own, "")])
    await _put(values, writes)
    await values.put_many((StorePut(FACTS, own, _text(Made(source))),))
    return len(kept)


async def merge(values: Values, plugin: str, declared: Declared, state: int, *, version: str = "") -> Merged:
    """Take over what the lower state changed since the copy, except keys that this state changed itself.

    To be called when the version is promoted, and again when the older one has served its last event. `LoadError` as
    in `prepare`.
    """
    own = namespace(plugin, state)
    fact = await values.get(FACTS, own)
    if fact is None:
        return Merged(0, 0)
    source = msgspec.json.decode(fact, type=Made).source
    upgrade = _Upgrade(plugin, version, declared, source, state)
    then, now = await _copies(values, own), await values.items(namespace(plugin, source))
    here = await values.items(own)
    writes: list[StorePut] = []
    taken = kept = 0
    for key in then.keys() | now.keys():
        copy, text = then.get(key, NOTHING), now.get(key)
        if copy.was == _hash(text):
            continue
        made = await upgrade.one(key, text) if text is not None else None
        goal = made[0] if made else copy.key
        if _touched(copy, goal, here):
            kept += 1
        else:
            writes += _moved(own, copy, goal) + _copied(own, key, text, made, goal)
            taken += 1
    await _put(values, writes)
    return Merged(taken, kept)


def _touched(copy: Copy, goal: str, here: Mapping[str, str]) -> bool:
    """Whether the newer state itself wrote what is to be written."""
    return copy.written != _hash(here.get(copy.key)) or (goal != copy.key and goal in here)


def _moved(own: str, copy: Copy, goal: str) -> list[StorePut]:
    """The removal of a copy that has another key now."""
    return [StorePut(own, copy.key, None)] if copy.key and copy.key != goal else []


class _Upgrade:
    """The upgrades from one state to another, one after the other."""

    def __init__(self, plugin: str, version: str, declared: Declared, source: int, state: int) -> None:
        self._plugin = plugin
        self._version = version or f"(state {state})"
        self._source = source
        self._climb = declared.climb
        self._steps: list[Upgrade] = [
            upgrade for at, upgrade in sorted(declared.upgrades.items()) if source <= at < state
        ]

    async def one(self, key: str, text: str) -> tuple[str, str] | None:
        """A key and JSON text in the new form; None for one that is left out."""
        if not self._steps and self._climb is None:
            raise self._failed(key, f"there is no upgrade from state {self._source}")
        try:
            return await contained(self._plugin, self._walk(key, text))
        except PluginError as error:
            raise self._failed(key, str(error.details["reason"])) from error

    async def _walk(self, key: str, text: str) -> tuple[str, str] | None:
        value = msgspec.json.decode(text)
        if self._climb is not None:
            climbed = await self._climb(self._source, key, value)
            return (climbed[0], _text(climbed[1])) if climbed else None
        for step in self._steps:
            found = step(key, value)
            if found is None:
                return None
            key, value = found
            if not isinstance(key, str):
                raise TypeError(f"a key is a text, not {type(key).__name__}")
        return key, _text(value)

    def _failed(self, key: str, reason: str) -> LoadError:
        return LoadError(plugin=self._plugin, version=self._version, reason=f"the upgrade of {key!r} failed: {reason}")


async def _nearest(values: Values, plugin: str, state: int) -> int:
    """The highest lower state that was made; the first one needs no making."""
    start = f"{plugin}#"
    made = [key.removeprefix(start) for key in await values.keys(FACTS, start)]
    return max((int(each) for each in made if each.isdecimal() and int(each) < state), default=1)


async def _copies(values: Values, own: str) -> dict[str, Copy]:
    start = f"{own}/"
    found = await values.items(FACTS, start)
    return {key.removeprefix(start): msgspec.json.decode(text, type=Copy) for key, text in found.items()}


def _copied(own: str, key: str, text: str | None, made: tuple[str, str] | None, goal: str = "") -> list[StorePut]:
    """The write of a value's copy (or its removal from `goal`), and the fact of it."""
    writes = [StorePut(own, made[0], made[1])] if made else [StorePut(own, goal, None)] if goal else []
    copy = Copy(_hash(text), made[0], _hash(made[1])) if made else Copy(_hash(text), "", "")
    return [*writes, StorePut(FACTS, f"{own}/{key}", None if text is None else _text(copy))]


async def _put(values: Values, writes: Sequence[StorePut]) -> None:
    for start in range(0, len(writes), BATCH):
        await values.put_many(writes[start : start + BATCH])


def _text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _hash(text: str | None) -> str:
    """Short, and empty for what is not there."""
    return "" if text is None else hashlib.blake2b(text.encode(), digest_size=12).hexdigest()
