"""Gives a tree of plain values the shape of Structs. Every refusal names the key, its value's origin and the fix."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from kagami.core.secrets import HIDDEN, Secret
from kagami.core.wanted import parts_of, plain_type, wanted
from kagami.errors import MissingSetting, SettingError, UnknownSetting
from kagami.i18n import Translate

S = TypeVar("S", bound=msgspec.Struct)
Origin = Callable[[str], str]

LONGEST_SHOWN = 80


class Shape:
    """Reads Structs out of trees. `origin` tells where the value of a dotted key came from."""

    def __init__(self, origin: Origin, t: Translate = str) -> None:
        self.origin = origin
        self.t = t

    def struct(self, kind: type[S], tree: Mapping[str, Any], path: str = "") -> S:
        """An instance of `kind`; `SettingError` for the first value that does not fit."""
        fields = {each.encode_name: each for each in msgspec.structs.fields(kind)}
        hints = get_type_hints(kind, include_extras=True)
        for name in tree:
            if name not in fields:
                raise self._unknown(join(path, name), list(fields))
        for name, each in fields.items():
            if each.required and name not in tree:
                raise self._missing(join(path, name), self.t("Add it."))
        values = {
            fields[name].name: self.value(hints[fields[name].name], tree[name], join(path, name)) for name in tree
        }
        return kind(**values)

    def value(self, kind: Any, value: Any, path: str) -> Any:
        """`value` as `kind`: a Struct, a list, or anything that msgspec converts."""
        if is_struct(kind):
            return self.struct(kind, self._table(value, path), path)
        if get_origin(kind) is tuple:
            return self._list(kind, value, path)
        if isinstance(value, float | int) and not 0 <= value < math.inf:  # also NaN: no setting is any of these
            raise self._unfit(path, value, kind)
        if isinstance(value, str) and "\0" in value:  # no file, name or address can hold it
            raise self._unfit(path, value, kind)
        try:
            return msgspec.convert(value, kind, dec_hook=_make_secret)
        except msgspec.ValidationError:
            raise self._unfit(path, value, kind) from None

    def _list(self, kind: Any, value: Any, path: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise self._unfit(path, value, kind)
        tagged = tagged_structs(kind)
        if tagged is None:
            return tuple(self.value(get_args(kind)[0], each, f"{path}.{place}") for place, each in enumerate(value))
        return tuple(self._tagged(tagged, each, f"{path}.{place}") for place, each in enumerate(value))

    def _tagged(self, kinds: Mapping[str, type[msgspec.Struct]], value: Any, path: str) -> msgspec.Struct:
        tree = dict(self._table(value, path))
        kind = tree.pop("kind", None)
        if isinstance(kind, str) and kind in kinds:
            return self.struct(kinds[kind], tree, path)
        fix = self.t("Give one of: {}.").format(", ".join(sorted(kinds)))
        if kind is None:
            raise self._missing(f"{path}.kind", fix)
        raise self.refuse(f"{path}.kind", kind, self.t("there is no such kind"), fix)

    def _table(self, value: Any, path: str) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            raise self._unfit(path, value, dict)
        return value

    def _unfit(self, path: str, value: Any, kind: Any) -> SettingError:
        shown = HIDDEN if _may_hide(kind) else value
        reason = self.t("{} is expected").format(wanted(kind, self.t))
        return self.refuse(path, shown, reason, self.t("Correct it, or remove it to use the default."))

    def refuse(self, path: str, value: object, reason: str, fix: str) -> SettingError:
        """The error for one key; the caller raises it."""
        return SettingError(key=path, value=_shown(value), origin=self.origin(path), reason=reason, fix=fix)

    def _unknown(self, path: str, known: list[str]) -> UnknownSetting:
        head, _, name = path.rpartition(".")
        near = nearest(name, known)
        fix = self.t("Did you mean {}?").format(join(head, near)) if near else self.t("Remove it.")
        return UnknownSetting(key=path, origin=self.origin(path), fix=fix)

    def _missing(self, path: str, fix: str) -> MissingSetting:
        return MissingSetting(key=path, origin=self.origin(path.rpartition(".")[0]), fix=fix)


def _may_hide(kind: Any) -> bool:
    """Whether what was meant to be this may hold a secret: a text that should have been a table of bots does."""
    plain = plain_type(kind)
    tables = get_origin(plain) is tuple and all(map(is_struct, parts_of(get_args(plain)[0])))
    return plain is Secret or get_origin(plain) is dict or tables


def is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def tagged_structs(kind: Any) -> dict[str, type[msgspec.Struct]] | None:
    """`{tag: Struct}` of a tuple of tagged Structs; None for every other type."""
    if get_origin(kind) is not tuple:
        return None
    members = parts_of(get_args(kind)[0])
    if not all(is_struct(each) and each.__struct_config__.tag for each in members):
        return None
    return {str(each.__struct_config__.tag): each for each in members}


def leaves(kind: type[msgspec.Struct], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted key of `kind` with its type; nested Structs are walked into."""
    for name, each in get_type_hints(kind, include_extras=True).items():
        if is_struct(each):
            yield from leaves(each, join(path, name))
        else:
            yield join(path, name), each


def nearest(name: str, known: list[str]) -> str:
    """The known name that is most like `name`; empty when none is."""
    from difflib import get_close_matches  # noqa: PLC0415 (only after a mistake)

    return next(iter(get_close_matches(name, known, n=1, cutoff=0.6)), "")


def join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shown(value: object) -> str:
    if isinstance(value, Mapping | list):
        return "…"  # may hold secrets
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"


def _make_secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(kind.__name__)
