"""The keys of the configuration: where each stands in the file, and what its type says of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

import msgspec

from kagami.config import Document
from kagami.core.secrets import Secret
from kagami.core.wanted import meta_of, plain_type
from kagami.edits import Edit
from kagami.errors import SettingError, UnknownSetting
from kagami.i18n import Translate
from kagami.ports import SettingKind
from kagami.shape import is_struct, join, leaves, nearest, tagged_structs
from kagami.sources import FROM_ENVIRONMENT, loosen

Path = tuple[str | int, ...]
# Tables whose last part is a name of its own: what stands between may hold dots (`plugins.settings.com.example.x.y`).
_PLAIN: dict[Any, SettingKind] = {bool: "bool", int: "int", float: "float", str: "text", Secret: "secret"}
LEAVES = dict(leaves(Document))


class Found(NamedTuple):
    """`kind` is the type; None for a whole section or what a plugin's own types decide."""

    path: Path
    kind: Any


class Bounds(NamedTuple):
    """The least and most values; `above` is itself too little."""

    least: float | None
    above: float | None
    most: float | None


def find(key: str, t: Translate = str) -> Found:
    """Where a dotted key stands; `UnknownSetting` for what no configuration may hold."""
    if key in LEAVES:
        return Found(tuple(key.split(".")), LEAVES[key])
    if any(each.startswith(f"{key}.") for each in LEAVES):
        return Found(tuple(key.split(".")), None)
    for leaf, kind in LEAVES.items():
        if key.startswith(f"{leaf}."):
            found = _inside(tuple(leaf.split(".")), kind, key[len(leaf) + 1 :])
            if found is not None:
                return found
    near = _near_in_table(key) or nearest(key, [*LEAVES])
    fix = t("Did you mean {}?").format(near) if near else t("Remove it.")
    raise UnknownSetting(key=key, origin=t("this change"), fix=fix)


def _inside(head: Path, kind: Any, rest: str) -> Found | None:
    """What stands below a table of bots or of plugins."""
    if get_origin(plain_type(kind)) is dict:
        return _in_table(head, get_args(plain_type(kind))[1], rest)
    structs = tables_of(kind)
    place, dot, name = rest.partition(".")
    if structs is None or not place.isdigit():
        return None
    if not dot:
        return Found((*head, int(place)), None)
    for struct in structs.values():
        known = dict(leaves(struct))
        if name in known:
            return Found((*head, int(place), *name.split(".")), known[name])
    return None


def _near_in_table(key: str) -> str:
    """For `workers.0.tokn` that table's own keys, not those of the whole file."""
    leaf, place, name = (*key.split(".", 2), "", "")[:3]
    structs = tables_of(LEAVES.get(leaf)) if place.isdigit() else None
    found = nearest(name, [each for struct in (structs or {}).values() for each, _ in leaves(struct)])
    return f"{leaf}.{place}.{found}" if found else ""


def _in_table(head: Path, inner: Any, rest: str) -> Found | None:
    if get_origin(plain_type(inner)) is not dict:
        return Found((*head, rest), inner)
    owner, dot, name = rest.rpartition(".")
    return Found((*head, owner, name), get_args(plain_type(inner))[1]) if dot else Found((*head, rest), None)


def tables_of(kind: Any) -> dict[str, type[msgspec.Struct]] | None:
    """`{tag: Struct}` of a list of tables, with an empty tag where there is one kind; None for everything else."""
    if (tagged := tagged_structs(kind)) is not None:
        return tagged
    if get_origin(kind) is tuple and is_struct(get_args(kind)[0]):
        return {"": get_args(kind)[0]}
    return None


def edit_of(key: str, value: Any, t: Translate = str) -> Edit:
    """The edit of the file for one change; texts spell other types as in a variable of the environment."""
    path, kind = find(key, t)
    if isinstance(value, str) and kind is not None and kind is not Any:
        value = loosen(value, kind)
    return Edit(path, _writable(key, value, t))


def _writable(key: str, value: Any, t: Translate) -> Any:
    """Nothing that a file cannot hold."""
    if isinstance(value, float) and not math.isfinite(value):
        raise SettingError(
            key=key, value=value, origin=t("this change"), reason=t("a number is expected"), fix=t("Correct it.")
        )
    if isinstance(value, dict):
        return {str(name): _writable(key, each, t) for name, each in value.items() if each is not None}
    return [_writable(key, each, t) for each in value] if isinstance(value, list | tuple) else value


def locked_by(key: str, origins: Mapping[str, str]) -> str:
    """What gives this key, or a part of it, so that the file cannot: its variable. Empty when nothing does."""
    for known, origin in origins.items():
        if origin.startswith(FROM_ENVIRONMENT) and (f"{key}.".startswith(f"{known}.") or known.startswith(f"{key}.")):
            return origin
    return ""


def kind_of(kind: Any) -> SettingKind:
    """Which form a value of this type has."""
    plain = plain_type(kind)
    if plain in _PLAIN:
        return _PLAIN[plain]
    if get_origin(plain) is Literal:
        return "choice"
    if get_origin(plain) is tuple and not tables_of(plain):
        return "list"
    return "table"


def choices_of(kind: Any) -> tuple[str, ...]:
    """What may be chosen; of a list, what its members may be."""
    plain = plain_type(kind)
    if kind_of(plain) == "list":
        plain = plain_type(get_args(plain)[0])
    return tuple(str(each) for each in get_args(plain)) if get_origin(plain) is Literal else ()


def bounds_of(kind: Any) -> Bounds:
    """Of a number; no number of a configuration is less than 0."""
    if kind_of(kind) not in ("int", "float"):
        return Bounds(None, None, None)
    meta = meta_of(kind)
    least = meta.ge if meta.ge is not None or meta.gt is not None else 0
    return Bounds(least, meta.gt, meta.le)


def is_optional(kind: Any) -> bool:
    return NoneType in get_args(kind)


def fields_of(struct: type[msgspec.Struct]) -> Iterator[tuple[str, Any, Any]]:
    """Dotted names below a Struct with their types and defaults; `NODEFAULT` for what must be given."""
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        made = field.default_factory
        default = made() if made is not msgspec.NODEFAULT else field.default
        kind = hints[field.name]
        if is_struct(kind):
            for name, inner, _ in fields_of(kind):
                yield join(field.encode_name, name), inner, value_at(default, name)
        else:
            yield field.encode_name, kind, default


def value_at(value: Any, key: str) -> Any:
    """What stands in a Struct under a dotted name."""
    for name in key.split("."):
        value = msgspec.structs.asdict(value)[name]
    return value
