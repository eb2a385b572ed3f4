"""A configuration file without what is secret in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints
from urllib.parse import urlsplit

import msgspec

from kagami.config import Document
from kagami.core.secrets import Secret
from kagami.core.wanted import plain_type
from kagami.shape import is_struct, tagged_structs

Trail = tuple[str | int, ...]
# Of a plugin's own settings only their names tell.
_NAMED = re.compile(r"token|secret|passw|passphrase|key|cookie|credential|auth", re.IGNORECASE)


def without_secrets(file: Path) -> tuple[bytes, tuple[str, ...]]:
    """The text of a configuration, and the keys whose values were left out. Comments stay; an empty text is none.

    `ValueError` for a file that is none: what is secret in it cannot be told.
    """
    text = file.read_text("utf-8-sig")
    import tomlkit  # noqa: PLC0415 - reading a configuration does not need it

    as_json = file.suffix == ".json"
    document: Any = json.loads(text) if as_json else tomlkit.parse(text)
    found = sorted(secret_places(Document, document), key=str)
    for *tables, name in found:
        place = document
        for each in tables:
            place = place[each]
        del place[name]
    written = json.dumps(document, indent=2, ensure_ascii=False) if as_json else tomlkit.dumps(document)
    return written.encode(), tuple(".".join(map(str, each)) for each in found)


def secret_places(kind: Any, value: Any, trail: Trail = ()) -> Iterator[Trail]:
    """Where a tree of this type holds a secret: by its type, by its name in a plugin's settings, or in an address."""
    plain = plain_type(kind)
    if isinstance(value, Mapping):
        yield from _in_struct(plain, value, trail) if is_struct(plain) else _in_settings(value, trail)
    elif isinstance(value, list) and get_origin(plain) is tuple:
        yield from _in_list(plain, value, trail)
    elif value and (plain is Secret or _tells(value)):
        yield trail


def _in_struct(kind: type[msgspec.Struct], values: Mapping[str, Any], trail: Trail) -> Iterator[Trail]:
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        if field.encode_name in values:
            yield from secret_places(hints[field.name], values[field.encode_name], (*trail, field.encode_name))


def _in_list(kind: Any, values: list[Any], trail: Trail) -> Iterator[Trail]:
    tagged = tagged_structs(kind) or {}
    for place, each in enumerate(values):
        tag = each.get("kind") if isinstance(each, Mapping) else None
        yield from secret_places(tagged.get(str(tag), get_args(kind)[0]), each, (*trail, place))


def _in_settings(values: Mapping[str, Any], trail: Trail) -> Iterator[Trail]:
    for name, each in values.items():
        if isinstance(each, Mapping):
            yield from _in_settings(each, (*trail, name))
        elif each and (_NAMED.search(name) or _tells(each)):
            yield (*trail, name)


def _tells(value: object) -> bool:
    """Whether it is an address with a password or a query, which may be a token."""
    if not isinstance(value, str) or "://" not in value:
        return False
    try:
        address = urlsplit(value)
    except ValueError:
        return True
    return "@" in address.netloc or bool(address.query)
