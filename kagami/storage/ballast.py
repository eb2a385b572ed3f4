"""Room that is kept on the disk, so that an engine that has to stop on a full one can still write what it has."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import suppress
from pathlib import Path

from kagami.clock import Clock

SIZE = 16 << 20
# Who keeps this may not be who fills the disk.
FREE = 8 * SIZE
# A command that opens the store for a moment needs none.
AFTER_S = 60.0


class Ballast:
    """A file that holds nothing, of which every block is there; without a path there is none."""

    def __init__(self, path: Path | None) -> None:
        self._path = path

    async def keep(self, clock: Clock) -> None:
        """Lay it, once the engine has started, where there is much more room than it takes."""
        if self._path is not None:
            await clock.sleep(AFTER_S)
            await asyncio.to_thread(self.lay)

    def lay(self) -> None:
        if self._path is None or self._path.exists() or _free(self._path) < FREE:
            return
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(file, 0, SIZE)
        except OSError:
            self._path.unlink()
        finally:
            os.close(file)

    def throw(self, *, needed: bool) -> None:
        """Before what is left is written: when it is `needed`, or less is free than it holds."""
        if self._path is not None and (needed or _free(self._path) < SIZE):
            with suppress(OSError):
                self._path.unlink()


def _free(path: Path) -> int:
    """Bytes on the disk of its folder; 0 when that cannot be told."""
    with suppress(OSError):
        return shutil.disk_usage(path.parent).free
    return 0
