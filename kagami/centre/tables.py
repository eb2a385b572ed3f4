"""Tables of the file that are changed one by one: those of `[[bots]]` and of `[[workers]]`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kagami.centre.keys import edit_of
from kagami.core.secrets import Secret
from kagami.i18n import Translate


def given(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a new table that say something."""
    return {name: value for name, value in keys.items() if value not in ("", None)}


def nested(head: str, keys: Mapping[str, Any], t: Translate) -> dict[str, Any]:
    """The table at `head` (`bots.0`), made of dotted names."""
    made: dict[str, Any] = {}
    for name, value in keys.items():
        edit = edit_of(f"{head}.{name}", value, t)
        _, _, *path = edit.path
        inner = made
        for part in path[:-1]:
            inner = inner.setdefault(str(part), {})
        inner[str(path[-1])] = edit.value
    return made


def gives_away(now: msgspec.Struct, keys: Mapping[str, Any]) -> bool:
    """Whether these keys would tell a secret that is kept to a host that does not have it yet."""
    return _moved(now, keys) and any(name not in keys for name in _secrets_of(now))


def _secrets_of(table: msgspec.Struct) -> Iterator[str]:
    """Names of the keys that hold a secret at the moment."""
    for name, value in msgspec.structs.asdict(table).items():
        if isinstance(value, Secret) and value:
            yield name


def _moved(now: msgspec.Struct, keys: Mapping[str, Any]) -> bool:
    """Whether an address among these keys leads to another host than the present one."""
    values = msgspec.structs.asdict(now)
    return any(_elsewhere(str(values.get(name, "")), wanted) for name, wanted in keys.items() if name.endswith("url"))


def _elsewhere(now: str, wanted: Any) -> bool:
    """Whether an address leads to another host or port than the present one."""
    try:
        return (
            isinstance(wanted, str)
            and urlsplit(wanted).netloc.rpartition("@")[2] != urlsplit(now).netloc.rpartition("@")[2]
        )
    except ValueError:
        return True
