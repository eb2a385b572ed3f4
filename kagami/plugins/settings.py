"""A plugin's own settings: a Struct with defaults, checked when the plugin is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin

import msgspec

from kagami.core.secrets import HIDDEN
from kagami.errors import SettingError
from kagami.ports import Field


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Derive from this, one annotated field a setting; `Annotated[int, msgspec.Meta(ge=1)]` sets limits."""

    # Not `frozen`: a type checker would ask every derived class to say so again.
    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"settings cannot be changed while the plugin runs: {name}")


S = TypeVar("S", bound=Settings)
_KINDS: dict[Any, str] = {bool: "bool", int: "int", float: "float", str: "text"} | dict.fromkeys(
    (list, tuple, set, frozenset), "list"
)
_TOLD = ("description", "title", "ge", "gt", "le", "lt")
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def read_settings(kind: type[S], values: Mapping[str, Any], plugin: str) -> S:
    """An instance of `kind` from `plugins.settings.<plugin>`; `SettingError` names the key and the fix."""
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in values:
        if key not in known:
            names = ", ".join(known) or "none"
            raise _refused(
                plugin, key, _shown(values[key]), "the plugin has no such setting", f"Its settings are: {names}."
            )
    for key, field in known.items():
        if key not in values and field.required:
            raise _refused(plugin, key, "nothing", "it has no default", f"Set it in [plugins.settings.{plugin!r}].")
    try:
        return msgspec.convert(dict(values), kind, strict=False)
    except msgspec.ValidationError as error:
        path = _PATH.search(str(error))
        key = path[1] if path else ""
        reason = _PATH.sub("", str(error))
        value = values.get(key.partition(".")[0].partition("[")[0], "")
        raise _refused(plugin, key, _shown(value), reason, "Correct the value, or remove it for its default.") from None


def fields(
    kind: type[Settings], values: Mapping[str, Any], origins: Callable[[str], str] = lambda _: "configuration"
) -> list[Field]:
    """The settings of a plugin for a form; `values` are those that are given, `origins` where each came from."""
    return [_field(each, values, origins) for each in msgspec.structs.fields(kind)]


def _field(of: msgspec.structs.FieldInfo, values: Mapping[str, Any], origins: Callable[[str], str]) -> Field:
    inner, meta = _unwrapped(of.type)
    default = of.default_factory() if of.default_factory is not msgspec.NODEFAULT else of.default
    plain = None if default is msgspec.NODEFAULT else msgspec.json.decode(msgspec.json.encode(default))
    given = of.encode_name in values
    choices = _choices(inner)
    whole = inner is int  # for these an open bound is a closed one
    return Field(
        of.encode_name,
        "choice" if choices else _KINDS.get(get_origin(inner) or inner, "json"),
        value=values[of.encode_name] if given else plain,
        default=plain,
        required=of.required,
        text=meta.get("description") or meta.get("title") or "",
        choices=choices,
        least=_bound(meta.get("ge"), meta.get("gt"), 1 if whole else 0),
        most=_bound(meta.get("le"), meta.get("lt"), -1 if whole else 0),
        origin=origins(of.encode_name) if given else "default",
    )


def _unwrapped(kind: Any) -> tuple[Any, dict[str, Any]]:
    """The type without `Annotated` and `| None`, and what is said about it, by as many as say something."""
    meta: dict[str, Any] = {}
    while True:
        left = [each for each in get_args(kind) if each is not NoneType]
        if get_origin(kind) is Annotated:
            kind, *extras = get_args(kind)
            for each in extras:
                meta |= _told(each) if isinstance(each, msgspec.Meta) else {}
        elif get_origin(kind) in (Union, UnionType) and len(left) == 1:
            kind = left[0]
        else:
            return kind, meta


def _told(meta: msgspec.Meta) -> dict[str, Any]:
    return {name: value for name in _TOLD if (value := getattr(meta, name)) is not None}


def _choices(kind: Any) -> tuple[Any, ...]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(member.value for member in kind)
    return ()


def _bound(closed: float | None, opened: float | None, step: int) -> float | None:
    return closed if closed is not None or opened is None else opened + step


def _shown(value: Any) -> Any:
    """A plugin does not say which of its settings are secrets: texts may be."""
    return value if isinstance(value, (bool, int, float)) else HIDDEN


def _refused(plugin: str, key: str, value: Any, reason: str, fix: str) -> SettingError:
    name = f"plugins.settings.{plugin}.{key}".rstrip(".")
    return SettingError(key=name, value=value, origin="configuration", reason=reason, fix=fix)
