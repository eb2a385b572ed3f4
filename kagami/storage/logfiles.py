"""Log lines on disk: JSON lines in `kagami.jsonl`, and older ones compressed in files that are named by what they hold.

A closed file's name tells the number and the time of its first line and how many lines of each level are in it, so
that what cannot be in a file is never looked for there.
"""

from __future__ import annotations

import gzip
import logging
import os
import re
import zlib
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from kagami.log import LogLine

ACTIVE = "kagami.jsonl"
SEGMENT_BYTES = 8 << 20
LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
# Of files that were read last, what is kept in memory.
MOST_READ = 2
_NAME = re.compile(r"(\d{12})-(\d{13})-(\d+)-(\d+)-(\d+)-(\d+)\.jsonl\.gz")

decode = msgspec.json.Decoder(LogLine).decode


class _Seq(msgspec.Struct):
    seq: int


class _Time(msgspec.Struct):
    time_ms: int


_seq = msgspec.json.Decoder(_Seq).decode
_time = msgspec.json.Decoder(_Time).decode


class Segment(msgspec.Struct, frozen=True):
    """One closed file. `counts` are lines by level in the order of `LEVELS`."""

    first: int
    first_ms: int
    counts: tuple[int, ...]
    path: Path

    @property
    def last(self) -> int:
        return self.first + sum(self.counts) - 1

    def may_hold(self, level: int) -> bool:
        return any(count for count, each in zip(self.counts, LEVELS, strict=True) if each >= level)


class LogFiles:
    """The files of one folder. Everything here waits for the disk: call it in a thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._active = folder / ACTIVE
        self._read: OrderedDict[Path, list[bytes]] = OrderedDict()
        self._size = self._last = 0
        self.segments: list[Segment] = []
        self.newest = 0

    @property
    def oldest(self) -> int:
        """The first number that is kept in a closed file, or would be; 0 when nothing was ever written."""
        return self.segments[0].first if self.segments else min(self.newest, 1)

    def open(self) -> None:
        """See what an earlier run has left; its last file is closed."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = (read_name(path) for path in self._folder.iterdir())
        self.segments = sorted((each for each in found if each), key=lambda each: each.first)
        self.newest = self.segments[-1].last if self.segments else 0
        self.close_active()

    def append(self, lines: Sequence[bytes]) -> None:
        """Lines that end in a line feed, in the order of their numbers; all of them or, with an `OSError`, none."""
        if not lines:
            return
        if self._size and _number(lines[0]) != self._last + 1:
            self.close_active()  # what is in a file is counted: no number may be missing there
        text = b"".join(lines)
        _write_whole(self._active, text)
        self._size += len(text)
        self._last = _number(lines[-1])
        self._read.pop(self._active, None)
        if self._size >= SEGMENT_BYTES:
            with suppress(OSError):  # a full disk: it grows until it can be closed
                self.close_active()

    def close_active(self) -> None:
        """Compress what was written into a file of its own. Lines that are none, a torn last one, are left out."""
        if not self._active.exists():
            return
        lines = [line for line in self._active.read_bytes().split(b"\n") if _is_line(line)]
        if lines:
            segment = self._keep(lines)
            # When an earlier run was killed at this point, it is there already.
            self.segments = [*(each for each in self.segments if each.path != segment.path), segment]
            self.newest = max(self.newest, segment.last)
        self._active.unlink()
        self._size = 0
        self._read.pop(self._active, None)

    def _keep(self, lines: list[bytes]) -> Segment:
        first = decode(lines[0])
        counts = [0] * len(LEVELS)
        for line in lines:
            counts[place_of(decode(line).level)] += 1
        tally = "-".join(map(str, counts))
        path = self._folder / f"{first.seq:012d}-{first.time_ms:013d}-{tally}.jsonl.gz"
        draft = path.with_suffix(".part")
        with (
            os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=3, mtime=0) as file,
        ):
            file.write(b"\n".join(lines))
        draft.replace(path)
        return Segment(first.seq, first.time_ms, tuple(counts), path)

    def lines(self, segment: Segment | None) -> list[bytes]:
        """All lines of a closed file, or (None) of the open one; none when it is gone."""
        path = segment.path if segment else self._active
        if path in self._read:
            self._read.move_to_end(path)
            return self._read[path]
        try:
            text = gzip.decompress(path.read_bytes()) if segment else path.read_bytes()
        except (OSError, EOFError, zlib.error):
            return []
        found = text.split(b"\n") if text else []
        if found and not segment:
            found.pop()
        self._read[path] = found
        while len(self._read) > MOST_READ:
            self._read.popitem(last=False)
        return found

    def tidy(self, keep_bytes: int, keep_from_ms: int) -> None:
        """Delete the oldest files that are too old or too much; the newest closed one stays.

        All of them together have `keep_bytes` at most, the open one among them.
        """
        keep_bytes -= SEGMENT_BYTES
        sizes = [_size(each.path) for each in self.segments]
        while len(self.segments) > 1 and (sum(sizes) > keep_bytes or self.segments[1].first_ms < keep_from_ms):
            try:
                self.segments[0].path.unlink(missing_ok=True)
            except OSError:
                return  # what cannot be deleted now can be later
            del self.segments[0], sizes[0]


def read_name(path: Path) -> Segment | None:
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    first, first_ms, *counts = map(int, found.groups())
    return Segment(first, first_ms, tuple(counts), path)


def place_of(level: int) -> int:
    """The place in `LEVELS` of a level: its own, or the nearest below."""
    return max((place for place, each in enumerate(LEVELS) if each <= level), default=0)


def place_by_number(lines: list[bytes], seq: int) -> int:
    """Where a number is, or would be."""
    return bisect_left(lines, seq, key=lambda line: _seq(line).seq)


def place_by_time(lines: list[bytes], time_ms: int) -> int:
    """Where the first line that is not older is, or would be."""
    return bisect_left(lines, time_ms, key=lambda line: _time(line).time_ms)


def _is_line(line: bytes) -> bool:
    try:
        decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return False
    return True


def _number(line: bytes) -> int:
    """The number of a line, 0 of what is none."""
    return _seq(line).seq if _is_line(line) else 0


def _write_whole(path: Path, text: bytes) -> None:
    """Append a text, or leave the file as it was: half a line would run into the next one."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        before, left = os.fstat(descriptor).st_size, memoryview(text)
        try:
            while left:
                left = left[os.write(descriptor, left) :]
        except OSError:
            os.ftruncate(descriptor, before)
            raise
    finally:
        os.close(descriptor)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
