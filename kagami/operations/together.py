"""One answer of what each process of a cluster says for itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from kagami.ports import PluginRow, ReloadRow, VersionRow

# The worst that an operator should know comes first; a state that is not here is no trouble.
WORST = ("quarantined", "failed", "parked", "draining")
T = TypeVar("T")


def listed(answers: Sequence[Iterable[T]]) -> list[T]:
    """All rows of all processes, this one's first."""
    return [row for rows in answers for row in rows]


def plugins(answers: Sequence[Iterable[PluginRow]]) -> list[PluginRow]:
    """Each plugin once, as this process has it, with what it does at all of them."""
    found: dict[str, PluginRow] = {}
    for row in listed(answers):
        found[row.id] = _plugin(found[row.id], row) if row.id in found else row
    return list(found.values())


def reloads(answers: Sequence[Iterable[ReloadRow]]) -> list[ReloadRow]:
    """Each plugin once: from and to what it went here, and what went wrong at any process."""
    found: dict[str, ReloadRow] = {}
    for row in listed(answers):
        found[row.id] = _reload(found[row.id], row) if row.id in found else row
    return list(found.values())


def done(_: Sequence[None]) -> None:
    """All have done it; none says anything."""


def _plugin(row: PluginRow, other: PluginRow) -> PluginRow:
    versions = {each.version: each for each in row.versions}
    for each in other.versions:
        versions[each.version] = _version(versions[each.version], each) if each.version in versions else each
    return replace(
        row,
        state=min((row.state, other.state), key=_rank),
        error=row.error or other.error,
        handled=row.handled + other.handled,
        failed=row.failed + other.failed,
        p95_ms=max(row.p95_ms, other.p95_ms),
        versions=tuple(versions.values()),
    )


def _reload(row: ReloadRow, other: ReloadRow) -> ReloadRow:
    survivors = (*row.survivors, *other.survivors)
    return replace(row, error=row.error or other.error, survivors=survivors, open=row.open + other.open)


def _version(row: VersionRow, other: VersionRow) -> VersionRow:
    return replace(
        row,
        state=min((row.state, other.state), key=_rank),
        events=row.events + other.events,
        errors=row.errors + other.errors,
        p95_ms=max(row.p95_ms, other.p95_ms),
        open=row.open + other.open,
        error=row.error or other.error,
        survivors=(*row.survivors, *other.survivors),
    )


def _rank(state: str) -> int:
    return WORST.index(state) if state in WORST else len(WORST)
