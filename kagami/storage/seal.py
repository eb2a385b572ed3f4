"""Sealed files: encrypted with a passphrase, in chunks that can be read one by one.

The key is scrypt's (RFC 7914). Each chunk of 1 MiB is AES-256-GCM whose nonce holds its number and whether it is the
last (STREAM: Hoang, Reyhanitabar, Rogaway, Vizár 2015), bound to the head: a chunk that was changed, moved, left out or
cut off is found. The head is readable by everybody: it says what kind of file this is, without its content.

    magic, length of the label (2 bytes), salt (16), nonce (7), check of the passphrase (16), label, chunks
"""

from __future__ import annotations

import hashlib
import hmac
import io
import os
import secrets
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple

from kagami.errors import BackupRefused
from kagami.i18n import mark

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"kagami sealed 1\n"
CHUNK = 1 << 20
TAG = 16
# 32 MiB and a tenth of a second or two for each guess.
N, R, P = 1 << 15, 8, 3
MEMORY = 64 << 20
_HEAD = struct.Struct(f">{len(MAGIC)}sH16s7s16s")
_NONCE = struct.Struct(">7sIB")
MISSING = mark("it is encrypted: its passphrase is needed")
WRONG = mark("the passphrase is another one")
BROKEN = mark("it is damaged: a part was changed, or is missing")


class Head(NamedTuple):
    """`raw` is what every chunk is bound to; chunks begin right behind it."""

    raw: bytes
    salt: bytes
    nonce: bytes
    check: bytes
    label: bytes


def is_sealed(path: Path) -> bool:
    """`OSError` when it cannot be read."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@contextmanager
def sealing(target: Path, passphrase: str, label: bytes) -> Iterator[io.RawIOBase]:
    """What is written goes sealed to the new file `target`, for its owner alone, and is never anywhere else.

    On disk when it ends; a file whose writing was broken off has no last chunk, and counts as damaged.
    """
    salt, nonce = secrets.token_bytes(16), secrets.token_bytes(7)
    cipher, check = _cipher(passphrase, salt)
    head = Head(_HEAD.pack(MAGIC, len(label), salt, nonce, check) + label, salt, nonce, check, label)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:
        out.write(head.raw)
        plain = _Sealing(out, head, cipher)
        yield plain
        plain.finish()
        out.flush()
        os.fsync(out.fileno())


def read_label(path: Path) -> bytes:
    """What the head says of the file, believed only once a chunk was read. `BackupRefused` when there is no head."""
    with path.open("rb") as file:
        return _head(path, file).label


@contextmanager
def opened(path: Path, passphrase: str) -> Iterator[IO[bytes]]:
    """The plain content of a sealed file, to be read and sought in. `BackupRefused` for what is not what was sealed."""
    with path.open("rb") as file:
        head = _head(path, file)
        if not passphrase:
            raise BackupRefused(name=path.name, reason=MISSING)
        cipher, check = _cipher(passphrase, head.salt)
        if not hmac.compare_digest(check, head.check):
            raise BackupRefused(name=path.name, reason=WRONG)
        yield io.BufferedReader(_Plain(path, file, head, cipher))


class _Sealing(io.RawIOBase):
    """Holds a chunk back until it is known whether it is the last."""

    def __init__(self, out: IO[bytes], head: Head, cipher: AESGCM) -> None:
        self._out, self._head, self._cipher = out, head, cipher
        self._number, self._waiting = 0, bytearray()

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer, /) -> int:
        given = memoryview(content).cast("B")
        self._waiting += given
        while len(self._waiting) > CHUNK:
            self._put(bytes(self._waiting[:CHUNK]), last=False)
            del self._waiting[:CHUNK]
        return len(given)

    def finish(self) -> None:
        self._put(bytes(self._waiting), last=True)

    def _put(self, chunk: bytes, *, last: bool) -> None:
        nonce = _NONCE.pack(self._head.nonce, self._number, last)
        self._out.write(self._cipher.encrypt(nonce, chunk, self._head.raw))
        self._number += 1


class _Plain(io.RawIOBase):
    """Keeps the chunk that was read last."""

    def __init__(self, path: Path, file: IO[bytes], head: Head, cipher: AESGCM) -> None:
        self._path, self._file, self._head, self._cipher = path, file, head, cipher
        sealed = file.seek(0, os.SEEK_END) - len(head.raw)
        self._last, rest = divmod(sealed - 1, CHUNK + TAG)
        if sealed < TAG or rest + 1 < TAG:
            raise BackupRefused(name=path.name, reason=BROKEN)
        self._size = self._last * CHUNK + rest + 1 - TAG
        self._place, self._number, self._chunk = 0, -1, b""
        self._load(self._last)  # nothing was cut off

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(offset)
        self._place = start + offset
        return self._place

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        if self._place >= self._size:
            return 0
        number, start = divmod(self._place, CHUNK)
        self._load(number)
        found = self._chunk[start : start + len(room)]
        room[: len(found)] = found
        self._place += len(found)
        return len(found)

    def _load(self, number: int) -> None:
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415 (used seldom)

        if number == self._number:
            return
        self._file.seek(len(self._head.raw) + number * (CHUNK + TAG))
        nonce = _NONCE.pack(self._head.nonce, number, number == self._last)
        try:
            self._chunk = self._cipher.decrypt(nonce, self._file.read(CHUNK + TAG), self._head.raw)
        except InvalidTag:
            raise BackupRefused(name=self._path.name, reason=BROKEN) from None
        self._number = number


def _head(path: Path, file: IO[bytes]) -> Head:
    raw = file.read(_HEAD.size)
    if len(raw) < _HEAD.size or not raw.startswith(MAGIC):
        raise BackupRefused(name=path.name, reason=BROKEN)
    _, length, salt, nonce, check = _HEAD.unpack(raw)
    label = file.read(length)
    return Head(raw + label, salt, nonce, check, label)


def _cipher(passphrase: str, salt: bytes) -> tuple[AESGCM, bytes]:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (used seldom)

    derived = _derive(passphrase, salt)
    return AESGCM(derived[:32]), derived[32:]


@lru_cache(4)
def _derive(passphrase: str, salt: bytes) -> bytes:
    """The key, and 16 bytes that tell the right passphrase without helping to guess it."""
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=N, r=R, p=P, maxmem=MEMORY, dklen=48)
