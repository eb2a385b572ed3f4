"""What a value of a type looks like, in words for people."""

from __future__ import annotations

from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec

from kagami.core.secrets import Secret
from kagami.i18n import Translate, mark

_WANTED: dict[Any, str] = {
    int: mark("a whole number"),
    float: mark("a number"),
    bool: mark("true or false"),
    str: mark("a text"),
    Secret: mark("a text"),
    tuple: mark("a list"),
    list: mark("a list"),
    dict: mark("a table"),
}


def wanted(kind: Any, t: Translate) -> str:
    """What a value of this type looks like, for people: "a whole number from 0 to 65535"."""
    plain = plain_type(kind)
    if get_origin(plain) is Literal:
        return t("one of {}").format(", ".join(str(each) or '""' for each in get_args(plain)))
    text = t(_WANTED.get(get_origin(plain) or plain, mark("something else")))
    meta = meta_of(kind)
    if plain in (int, float):
        return _with_bounds(text, meta, t)
    if plain is str and meta.max_length is not None and not meta.examples:
        return t("{} of at most {} characters").format(text, meta.max_length)
    return t("{} like {}").format(text, meta.examples[0]) if meta.examples else text


def _with_bounds(text: str, meta: msgspec.Meta, t: Translate) -> str:
    low = meta.gt if meta.ge is None else meta.ge
    if meta.le is not None:
        return t("{} from {} to {}").format(text, low or 0, meta.le)
    if meta.gt is not None:
        return t("{} above {}").format(text, meta.gt)
    return t("{} of at least {}").format(text, low or 0)


def meta_of(kind: Any) -> msgspec.Meta:
    """The bounds that are written beside a type; empty when there are none."""
    inner = next(iter(parts_of(kind)))
    found = get_args(inner)[1:] if get_origin(inner) is Annotated else ()
    return next((each for each in found if isinstance(each, msgspec.Meta)), msgspec.Meta())


def plain_type(kind: Any) -> Any:
    """The type without `Annotated` and without `| None`."""
    inner = next(iter(parts_of(kind)))
    return get_args(inner)[0] if get_origin(inner) is Annotated else inner


def parts_of(kind: Any) -> list[Any]:
    """The members of a union but None; any other type alone."""
    if get_origin(kind) in (Union, UnionType):
        return [each for each in get_args(kind) if each is not type(None)]
    return [kind]
