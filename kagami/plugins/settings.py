"""A plugin's own settings: a Struct with defaults, checked when the plugin is loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn, TypeVar

import msgspec

from kagami.errors import SettingError


class Settings(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Derive from this, one annotated field a setting; `Annotated[int, msgspec.Meta(ge=1)]` sets limits."""

    # Not `frozen`: a type checker would ask every derived class to say so again.
    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"settings cannot be changed while the plugin runs: {name}")


S = TypeVar("S", bound=Settings)
_PATH = re.compile(r" - at `\$\.?([^`]*)`$")


def read_settings(kind: type[S], values: Mapping[str, Any], plugin: str) -> S:
    """An instance of `kind` from `plugins.settings.<plugin>`; `SettingError` names the key and the fix."""
    known = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for key in values:
        if key not in known:
            names = ", ".join(known) or "none"
            raise _refused(plugin, key, values[key], "the plugin has no such setting", f"Its settings are: {names}.")
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
        raise _refused(plugin, key, value, reason, "Correct the value, or remove it for its default.") from None


def _refused(plugin: str, key: str, value: Any, reason: str, fix: str) -> SettingError:
    name = f"plugins.settings.{plugin}.{key}".rstrip(".")
    return SettingError(key=name, value=value, origin="configuration", reason=reason, fix=fix)
