"""The newest rows of plugins that were seen here: whoever can write the database cannot put an older one back.

A row is sealed, but a seal does not say that nothing newer was sealed since: a version that was removed, or replaced,
would come back with its old row. What was seen stands beside the records of installs, and outlasts the process where
the plugins' folder does.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from kagami import log
from kagami.plugins.records import RECORDS
from kagami.ports import PackageRow

FILE = ".newest"
_log = log.get("plugins")
Key = tuple[str, str]
# When a version was added, and when it was removed; 0 while it is installed.
Moments = tuple[int, int]


class Newest:
    """All of it blocks."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / RECORDS / FILE
        self._seen: dict[Key, Moments] | None = None

    @property
    def removed(self) -> dict[Key, int]:
        """When each version was removed that is not to be here."""
        return {key: gone for key, (_, gone) in self._known().items() if gone}

    def after(self, key: Key, now_ms: int) -> int:
        """A moment that is later than all that is known of a version, though the clocks of processes differ."""
        return max(now_ms, max(self._known().get(key, (0, 0))) + 1)

    def sift(self, rows: Iterable[PackageRow]) -> tuple[list[PackageRow], set[Key]]:
        """The rows that are as new as what was seen, and the keys of those that are older."""
        kept, older, known = list[PackageRow](), set[Key](), self._known()
        before = dict(known)
        for row in rows:
            key, moments = (row.plugin, row.version), (row.added_ms, row.removed_ms)
            if max(moments) < max(known.get(key, (0, 0))):
                older.add(key)
            else:
                kept.append(row)
                known[key] = moments
        if known != before:
            try:
                self._keep(known)
            except OSError as error:  # a folder that this process only reads
                _log.warning("what is newest of the plugins is not kept over a restart", reason=error)
        return kept, older

    def _known(self) -> dict[Key, Moments]:
        if self._seen is None:
            try:
                rows = msgspec.json.decode(self._path.read_bytes(), type=list[tuple[Key, Moments]])
            except FileNotFoundError:
                rows = []
            except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
                _log.warning("which rows of plugins are newest is not known any more", reason=error)
                rows = []
            self._seen = dict(rows)
        return self._seen

    def _keep(self, known: dict[Key, Moments]) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Replicas may share the folder: each has a draft of its own, and all write the same.
        with tempfile.NamedTemporaryFile(dir=self._path.parent, prefix=f"{FILE}.", delete=False) as draft:
            draft.write(msgspec.json.encode(sorted(known.items())))
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(self._path)
