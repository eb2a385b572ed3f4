"""The file in which events are kept while the database is away. Blocking; for one thread at a time.

Each record is its length and its CRC-32, both 32 bits with the lowest byte first, and the JSON of `Kept`. What a crash
has left of a last record is overwritten by the next one.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

import msgspec

from kagami.model.event import Event
from kagami.storage.rows import write_json

_HEAD = struct.Struct("<II")
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
# What no record is longer than: a length that is damaged must not be believed.
LONGEST = 64 << 20
STEP = 1 << 20


class Kept(msgspec.Struct, frozen=True, array_like=True):
    accepted_ms: int
    event: Event


class Found(NamedTuple):
    """What is in a file: whole records, the end of the last one, and when the first was accepted (0: none)."""

    events: int
    size: int
    oldest_ms: int


_decoder = msgspec.json.Decoder(Kept)


def record(event: Event, accepted_ms: int) -> bytes:
    payload = write_json((accepted_ms, event)).encode()
    return _HEAD.pack(len(payload), crc32(payload)) + payload


def read_record(framed: bytes) -> Kept | None:
    """Of bytes as `record` gives them; None for one that is damaged, or that this version does not understand."""
    _, checksum = _HEAD.unpack_from(framed)
    payload = framed[_HEAD.size :]
    if crc32(payload) != checksum:
        return None
    try:
        return _decoder.decode(payload)
    except msgspec.DecodeError:
        return None


class SpoolFile:
    """`size` is the end of the last whole record. Everything may raise `OSError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self.size = 0

    def find(self) -> Found:
        """Look at what an earlier run has left. The file is not made."""
        if not self._path.exists():
            return Found(0, 0, 0)
        self._open()
        events, oldest_ms = 0, 0
        for end, framed in self._records(0):
            self.size = end
            events += 1
            oldest_ms = oldest_ms or ((kept := read_record(framed)) and kept.accepted_ms) or 0
        return Found(events, self.size, oldest_ms)

    def append(self, records: Sequence[bytes]) -> int:
        """All of them, on disk; the new size. After an error none of them counts."""
        self._open()
        os.ftruncate(self._file, self.size)
        written, content = self.size, memoryview(b"".join(records))
        while content:
            done = os.pwrite(self._file, content, written)
            written, content = written + done, content[done:]
        os.fsync(self._file)
        self.size = written
        return written

    def read(self, start: int, most: int) -> list[tuple[int, Kept | None]]:
        """Up to so many records from there on, each with its end; None stands for one that cannot be read."""
        found: list[tuple[int, Kept | None]] = []
        for end, framed in self._records(start):
            found.append((end, read_record(framed)))
            if len(found) == most:
                break
        return found

    def empty(self) -> None:
        if self._file >= 0:
            os.ftruncate(self._file, 0)
            os.fsync(self._file)
        self.size = 0

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _open(self) -> None:
        if self._file >= 0:
            return
        self._path.parent.mkdir(mode=0o700, exist_ok=True)
        self._file = os.open(self._path, _FLAGS, 0o600)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # its name, too
        finally:
            os.close(folder)

    def _records(self, start: int) -> Iterator[tuple[int, bytes]]:
        """From there on: where each ends, and its bytes."""
        kept, at = b"", start
        while chunk := os.pread(self._file, STEP, at):
            at += len(chunk)
            kept += chunk
            while len(kept) >= _HEAD.size:
                length, _ = _HEAD.unpack_from(kept)
                if not 0 < length <= LONGEST:
                    return
                if len(kept) < (end := _HEAD.size + length):
                    break
                framed, kept, start = kept[:end], kept[end:], start + end
                yield start, framed
