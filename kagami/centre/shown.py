"""Settings as they may be shown: rows for forms, changes for the history, and nothing that is secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kagami.centre.keys import (
    LEAVES,
    bounds_of,
    choices_of,
    fields_of,
    is_optional,
    kind_of,
    locked_by,
    tables_of,
    value_at,
)
from kagami.centre.texts import TEXTS
from kagami.config import Document, Settings
from kagami.core.secrets import HIDDEN, Secret
from kagami.ports import BotKind, Effect, SettingChange, SettingRow
from kagami.shape import is_struct, tagged_structs

GENERAL = "general"
# Keys whose values are addresses, which may hold a password or a token.
ADDRESSES = ("url", "proxy", "mirror", "packages")
_DEFAULTS = Document()


def rows(
    settings: Settings, effect: Callable[[str], Effect], changed_at: Mapping[str, int] | None = None
) -> list[SettingRow]:
    """Every key of the configuration, and those of each bot."""
    at = changed_at or {}

    def row(key: str, kind: Any, value: Any, default: Any) -> SettingRow:
        origin = settings.origin(key)
        made = _row(key, kind, default)
        return msgspec.structs.replace(
            made,
            value=shown(key, value, at.get(key, 0)),
            origin=origin,
            effect=effect(key),
            modified=origin != "default" and not origin.startswith("secrets/"),
            locked=locked_by(key, settings.origins),
        )

    found = []
    for key, kind in LEAVES.items():
        value = value_at(settings, key)
        found.append(row(key, kind, value, value_at(_DEFAULTS, key)))
        members = value if isinstance(value, tuple) and all(map(_is_table, value)) else ()
        for place, member in enumerate(members):
            head = f"{key}.{place}"
            found += (
                row(f"{head}.{name}", inner, value_at(member, name), d) for name, inner, d in fields_of(type(member))
            )
    return found


def bot_kinds(of: Any) -> list[BotKind]:
    """Which kinds of `[[bots]]` there are, with their keys."""
    return [_kind("bots", tag, struct) for tag, struct in (tagged_structs(of) or {}).items()]


def table_kind(key: str, kind: str, of: Any) -> BotKind:
    """The keys of a list of tables that are all alike."""
    (struct,) = (tables_of(of) or {}).values()
    return _kind(key, kind, struct)


def _kind(key: str, kind: str, struct: type[msgspec.Struct]) -> BotKind:
    fields, head = list(fields_of(struct)), f"{key}.0."
    keys = [_row(f"{head}{name}", inner, default) for name, inner, default in fields]
    named = [msgspec.structs.replace(row, key=row.key.removeprefix(head)) for row in keys]
    needed = tuple(name for name, _, default in fields if default is msgspec.NODEFAULT)
    return BotKind(kind, named, needed)


def _row(key: str, kind: Any, default: Any) -> SettingRow:
    bounds = bounds_of(kind)
    return SettingRow(
        key,
        key.partition(".")[0] if "." in key or key in ("bots", "workers") else GENERAL,
        kind_of(kind),
        text_of(key),
        default=None if default is msgspec.NODEFAULT else shown(key, default),
        least=bounds.least,
        above=bounds.above,
        most=bounds.most,
        choices=choices_of(kind),
        optional=is_optional(kind),
    )


def text_of(key: str) -> str:
    """What a key is for; those of all bots have the same."""
    return TEXTS.get(".".join("*" if part.isdigit() else part for part in key.split(".")), "")


def shown(key: str, value: Any, changed_at_ms: int = 0) -> Any:
    """A value as plain JSON with its secrets hidden; what a plugin is told may be one, whatever its name."""
    if isinstance(value, Secret):
        return {"set": bool(value), "changed_at_ms": changed_at_ms}
    if key.startswith("plugins.settings"):
        return _hidden(value)
    if key.endswith(ADDRESSES) and isinstance(value, str):
        return bare_url(value)
    return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Secret):
        return {"set": bool(value)}
    if is_struct(type(value)):
        tag = value.__struct_config__.tag
        fields = {name: shown(name, each) for name, each in msgspec.structs.asdict(value).items()}
        return ({"kind": tag} if tag else {}) | fields
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(each) for name, each in value.items()}
    return value if value is None or isinstance(value, bool | int | float) else HIDDEN


def bare_url(url: str) -> str:
    """An address without the password and the query that may be in it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return HIDDEN
    hidden = url.partition("?")[0]
    if "@" in parts.netloc:
        hidden = hidden.replace(parts.netloc, f"{HIDDEN}@{parts.netloc.rpartition('@')[2]}", 1)
    return hidden + (f"?{HIDDEN}" if parts.query else "")


def changes(before: Settings, after: Settings) -> list[SettingChange]:
    """What differs between two configurations, key by key."""
    old, new = dict(flat(before)), dict(flat(after))
    return [
        SettingChange(key, _told(key, old.get(key)), _told(key, new.get(key)))
        for key in {**old, **new}
        if old.get(key) != new.get(key)
    ]


def _told(key: str, value: Any) -> Any:
    told = shown(key, value)
    return {"set": told["set"]} if isinstance(value, Secret) else told


def flat(document: Document) -> Iterator[tuple[str, Any]]:
    """Every value by its dotted key, lists of tables and tables of plugins in their parts."""
    for key in LEAVES:
        yield from _flat(key, value_at(document, key))


def _flat(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _flat(f"{key}.{name}", each)
    elif isinstance(value, tuple) and value and all(map(_is_table, value)):
        for place, member in enumerate(value):
            for name, _, _ in fields_of(type(member)):
                yield f"{key}.{place}.{name}", value_at(member, name)
    else:
        yield key, value


def _is_table(value: Any) -> bool:
    return is_struct(type(value))
