"""Versions that a market recalled: they stay on the disk and are not served. Kept beside the records of installs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import eq, ge, gt, le, lt
from pathlib import Path
from typing import Annotated

import msgspec

from kagami.plugins.manifest import full_version
from kagami.plugins.semver import Version

KEPT = Path(".installed", "recalled.json")
_COMPARE = {"": eq, "=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}
_TERM = re.compile(r"(<=|>=|<|>|=|)\s*([0-9A-Za-z.+-]+)")


class Recall(msgspec.Struct, frozen=True):
    """`versions` is `*`, one version, or bounds that all hold: `<1.3`, `>=1.0,<1.2.4`."""

    id: Annotated[str, msgspec.Meta(max_length=100)]
    versions: Annotated[str, msgspec.Meta(max_length=100)]
    reason: Annotated[str, msgspec.Meta(max_length=500)] = ""

    def __post_init__(self) -> None:
        _ = _bounds(self.versions)

    def covers(self, plugin: str, version: Version) -> bool:
        if plugin != self.id:
            return False
        return all(_COMPARE[sign](version, bound) for sign, bound in _bounds(self.versions))


def _bounds(text: str) -> list[tuple[str, Version]]:
    """Signs and versions; `ValueError` for what is no range."""
    if text.strip() == "*":
        return []
    found = [_TERM.fullmatch(term.strip()) for term in text.split(",")]
    terms = [each for each in found if each is not None]
    if len(terms) < len(found):
        raise ValueError(f"{text!r} is not a range like 1.2.0, <1.3 or >=1.0,<1.2.4")
    return [(each[1], Version(full_version(each[2]))) for each in terms]


def recalled(recalls: Sequence[Recall], plugin: str, version: Version) -> Recall | None:
    """The recall that covers a version, if one does."""
    return next((each for each in recalls if each.covers(plugin, version)), None)


def read_recalls(folder: Path) -> tuple[Recall, ...]:
    """Those that were last heard of, for the plugins in `folder`."""
    try:
        return msgspec.json.decode((folder / KEPT).read_bytes(), type=tuple[Recall, ...])
    except (OSError, msgspec.DecodeError):
        return ()


def keep_recalls(folder: Path, recalls: Sequence[Recall]) -> None:
    """Replace them all: what is not recalled any more may be served again."""
    path = folder / KEPT
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}")
    draft.write_bytes(msgspec.json.encode(recalls))
    draft.replace(path)
