"""What would change in the file, line by line, without its secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from kagami.centre.shown import bare_url, flat
from kagami.config import Document
from kagami.core.secrets import HIDDEN, Secret

NEW = f"{HIDDEN} (new)"
# A text that is shorter may stand anywhere: it is hidden where it is quoted.
_LONG = 6
_CONTEXT = 2
# Whatever has such a name, commented out or not.
_NAMED = re.compile(
    r"""(?im)^([\s#]*["']?[\w.\-]*(?:token|secret|password|passwd|webhook)["']?\s*[=:]\s*)(?!.*•)\S.*$"""
)


def file_diff(name: str, before: bytes | None, after: bytes | None, documents: Iterable[Document]) -> str:
    """In the unified format; `documents` are the configurations whose secrets must not be seen, the old one first."""
    old, *others = (set(_secrets(each)) for each in documents)
    marks = dict.fromkeys((text for each in others for text in each), NEW) | dict.fromkeys(old, HIDDEN)
    one, other = _masked(before, marks), _masked(after, marks)
    import difflib  # noqa: PLC0415 - only a change has a difference

    return "\n".join(difflib.unified_diff(one, other, name, name, n=_CONTEXT, lineterm=""))


def _secrets(document: Document) -> Iterator[str]:
    for key, value in flat(document):
        if isinstance(value, Secret):
            yield value.reveal()
        elif key.startswith("plugins.settings"):
            yield from _texts(value)
        elif isinstance(value, str) and bare_url(value) != value:
            yield value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | dict):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _masked(raw: bytes | None, marks: dict[str, str]) -> list[str]:
    text = (raw or b"").decode("utf-8-sig", "replace")
    # The longest first: one may be a part of another.
    for secret in sorted(filter(None, marks), key=len, reverse=True):
        for form in {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}:
            quoted = (f'"{form}"', f"'{form}'")
            for each in (*quoted, form) if len(form) >= _LONG else quoted:
                text = text.replace(each, each.replace(form, marks[secret]))
    return _NAMED.sub(rf"\1{HIDDEN}", text).splitlines()
