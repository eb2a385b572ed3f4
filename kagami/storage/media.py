"""Files that messages refer to, each under the digest of its content: `<root>/<first two digits>/<sha256>.<ending>`.

One thread of its own reads and writes them, in the order in which it was asked to.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Protocol, Self, TypeVar

from kagami import log
from kagami.errors import NotFound, Refused, Unavailable
from kagami.onebot.embedded import read_embedded

MEGABYTE = 1024 * 1024
LARGEST = 32 * MEGABYTE
KEEP_BYTES = 2048 * MEGABYTE
KEEP_DAYS = 30.0
# What may wait to be written without anybody waiting for it.
MOST_WAITING = 64 * MEGABYTE
# The store is thinned out whenever this share of what it may hold has been written.
SHARE = 8
DRAFT_MS = 3_600_000
DAY_MS = 86_400_000
NS = 1_000_000

# Place, bytes, ending: nothing that a browser or a shell would run.
_SIGNS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpg"),
    (0, b"GIF8", "gif"),
    (8, b"WEBP", "webp"),
    (0, b"BM", "bmp"),
    (8, b"WAVE", "wav"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"#!AMR", "amr"),
    (0, b"#!SILK", "silk"),
    (1, b"#!SILK", "silk"),
    (0, b"fLaC", "flac"),
    (4, b"ftypM4A", "m4a"),
    (4, b"ftyp", "mp4"),
    (0, b"\x1a\x45\xdf\xa3", "webm"),
    (0, b"%PDF-", "pdf"),
    (0, b"PK\x03\x04", "zip"),
)
OTHER = "bin"
_HEAD = 16
_ENDINGS = "|".join(sorted({ending for *_, ending in _SIGNS} | {OTHER}))
_REFERENCE = re.compile(rf"media:((?:[0-9a-f]){{64}}\.(?:{_ENDINGS}))")
_FOLDER = re.compile(r"[0-9a-f]{2}")

_say = log.get("media")

Result = TypeVar("Result")


class Download(Protocol):
    """`ports.Reach.download` with a limit in bytes."""

    async def __call__(self, url: str, target: Path, /, *, largest: int) -> None: ...


class _Kept(NamedTuple):
    used_ns: int
    size: int
    path: str


class MediaFiles:
    """Implements `ports.Media`: an async context manager. Sizes are bytes; `days` counts from the last use.

    What is above `keep_bytes` or older than `keep_days` goes, the least lately used first; 0 sets no such limit.
    """

    def __init__(
        self,
        root: Path,
        *,
        download: Download | None = None,
        largest: int = LARGEST,
        keep_bytes: int = KEEP_BYTES,
        keep_days: float = KEEP_DAYS,
    ) -> None:
        self._root = root
        self._download = download
        self._largest = largest
        self._keep_bytes = keep_bytes
        self._keep_days = keep_days
        self._thread = ThreadPoolExecutor(1, "media")
        self._writing: dict[str, Future[None]] = {}
        self._lock = threading.Lock()
        self._waiting = 0
        self._written = 0

    async def __aenter__(self) -> Self:
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What was accepted is written first."""
        await asyncio.to_thread(self._thread.shutdown)

    def accept(self, content: bytes) -> str:
        self._check(len(content))
        reference = refer(content)
        if reference in self._writing:
            return reference
        if self._waiting + len(content) > MOST_WAITING:
            _say.error("the disk is too slow: a file is not kept", reference=reference, bytes=len(content))
            return reference
        self._wait(len(content))
        writing = self._writing[reference] = self._thread.submit(self._write, reference, content)
        writing.add_done_callback(partial(self._accepted, reference, len(content)))
        return reference

    async def keep(self, content: bytes, name: str = "") -> str:  # noqa: ARG002 - for people; the content tells the ending
        self._check(len(content))
        return await self._do(lambda: self._keep(content))

    async def read(self, reference: str) -> bytes:
        place = self._place(reference)
        return await self._do(lambda: _read(place, reference))

    async def fetch(self, source: str) -> str:
        if source.startswith("media:"):
            self.path(source)
            return source
        if (content := read_embedded(source)) is not None:
            return await self.keep(content)
        if self._download is None:
            raise Unavailable(what="HTTP", reason="nothing can be fetched here")
        draft = self._root / f"{secrets.token_hex(8)}.part"
        try:
            await self._download(source, draft, largest=self._largest)
            return await self._do(lambda: self._adopt(draft))
        finally:
            draft.unlink(missing_ok=True)

    def path(self, reference: str) -> Path:
        place = self._place(reference)
        if (writing := self._writing.get(reference)) is not None:
            writing.exception()  # it was accepted a moment ago
        if not _touch(place):
            raise NotFound(what="file", name=reference[:100])
        return place

    async def tidy(self, now_ms: int) -> int:
        """Remove what is too much or too old, and what broken downloads left; how many files that were."""
        return await self._do(lambda: self._thin(now_ms))

    def _check(self, size: int) -> None:
        if size > self._largest:
            raise Refused(
                reason=f"A file may have {self._largest / MEGABYTE:g} MB; this one has {size / MEGABYTE:.1f}."
            )

    def _place(self, reference: str) -> Path:
        found = _REFERENCE.fullmatch(reference)
        if found is None:
            raise NotFound(what="file", name=reference[:100])
        return self._root / found[1][:2] / found[1]

    async def _do(self, work: Callable[[], Result]) -> Result:
        try:
            return await asyncio.wrap_future(self._thread.submit(work))
        except OSError as error:
            raise Unavailable(what="media", reason=error.strerror or str(error)) from None

    def _wait(self, size: int) -> None:
        with self._lock:
            self._waiting += size

    def _accepted(self, reference: str, size: int, writing: Future[None]) -> None:
        self._writing.pop(reference, None)
        self._wait(-size)
        if (error := writing.exception()) is not None:
            _say.error("a file could not be kept", reference=reference, reason=str(error))

    # --- in the thread ---

    def _keep(self, content: bytes) -> str:
        reference = refer(content)
        self._write(reference, content)
        return reference

    def _write(self, reference: str, content: bytes) -> None:
        place = self._place(reference)
        if _touch(place, len(content)):
            return
        draft = self._root / f"{secrets.token_hex(8)}.part"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            self._put(draft, place, len(content))
        finally:
            draft.unlink(missing_ok=True)

    def _adopt(self, draft: Path) -> str:
        """Keep what was downloaded."""
        with draft.open("rb") as file:
            head = file.read(_HEAD)
            file.seek(0)
            reference = f"media:{hashlib.file_digest(file, 'sha256').hexdigest()}.{sniff(head)}"
        place, size = self._place(reference), draft.stat().st_size
        if not _touch(place, size):
            draft.chmod(0o600)
            self._put(draft, place, size)
        return reference

    def _put(self, draft: Path, place: Path, size: int) -> None:
        place.parent.mkdir(mode=0o700, exist_ok=True)
        draft.replace(place)
        self._written += size
        if self._keep_bytes and self._written > self._keep_bytes // SHARE:
            self._thin(time.time_ns() // NS)

    def _thin(self, now_ms: int) -> int:
        self._written = 0
        kept = sorted(self._files(), reverse=True)
        oldest_ns = (now_ms - int(self._keep_days * DAY_MS)) * NS if self._keep_days else 0
        total, removed = 0, 0
        for file in kept:
            total += file.size
            if file.used_ns < oldest_ns or (self._keep_bytes and total > self._keep_bytes):
                Path(file.path).unlink(missing_ok=True)
                removed += 1
        for draft in self._root.glob("*.part"):
            with suppress(FileNotFoundError):
                if draft.lstat().st_mtime_ns < (now_ms - DRAFT_MS) * NS:
                    draft.unlink()
        return removed

    def _files(self) -> Iterator[_Kept]:
        for folder in self._root.iterdir():
            if _FOLDER.fullmatch(folder.name) and not folder.is_symlink():
                with os.scandir(folder) as entries:
                    for entry in entries:
                        found = entry.stat(follow_symlinks=False)
                        yield _Kept(found.st_mtime_ns, found.st_size, entry.path)


def refer(content: bytes) -> str:
    """The reference of a file with this content."""
    return f"media:{hashlib.sha256(content).hexdigest()}.{sniff(content[:_HEAD])}"


def sniff(head: bytes) -> str:
    """The ending that a file's first 16 bytes call for."""
    return next((ending for at, sign, ending in _SIGNS if head.startswith(sign, at)), OTHER)


def _read(place: Path, reference: str) -> bytes:
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        raise NotFound(what="file", name=reference) from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise NotFound(what="file", name=reference)
    with os.fdopen(descriptor, "rb") as file:
        os.utime(descriptor)
        return file.read()


def _touch(place: Path, size: int | None = None) -> bool:
    """Mark a file as used; False when it is not there, or not whole."""
    try:
        found = place.lstat()
        if not stat.S_ISREG(found.st_mode) or size not in (None, found.st_size):
            return False
        os.utime(place, follow_symlinks=False)
    except OSError:
        return False
    return True
