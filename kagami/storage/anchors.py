"""Signed anchors: a file beside the database that says which hash the audit's newest row had at some time.

One JSON object a line, `{"number", "seq", "hash", "at_ms", "signature"}`, numbered from 1; the signature is Ed25519
(RFC 8032) over the JSON list of what stands before it. Whoever can write this file and the database can cut both at an
anchor: against that helps a copy of it on another machine.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from kagami.i18n import mark

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

MADE_FOR = "kagami audit"
MISSING = mark("the file of signed anchors is missing")
UNSIGNED = mark("this anchor is not what was signed")


class Anchor(msgspec.Struct, frozen=True):
    number: int
    seq: int
    hash: str
    at_ms: int
    signature: str

    @property
    def signed(self) -> bytes:
        return msgspec.json.encode((MADE_FOR, self.number, self.seq, self.hash, self.at_ms))


class Signed(msgspec.Struct, frozen=True):
    """What a file of anchors says: hashes by the number of their row, and the first anchor that is broken."""

    hashes: dict[int, str] = {}
    broken: int = 0
    why: str = ""


class Anchors:
    """The file `path`, signed with a key that is made of `secret`. All of it blocks."""

    def __init__(self, path: Path, secret: str) -> None:
        self.path = path
        self._seed = hashlib.sha256(secret.encode()).digest()

    def append(self, seq: int, hashed: str, at_ms: int) -> None:
        """On disk when it ends. What a loss of power left of a line is replaced."""
        with os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b") as file:
            text = file.read()
            sound = _sound(text)
            number = sound.count(b"\n") + 1 + (not sound.endswith(b"\n") and bool(sound))
            unsigned = Anchor(number, seq, hashed, at_ms, "")
            signature = base64.b64encode(self._private().sign(unsigned.signed)).decode()
            line = msgspec.json.encode(msgspec.structs.replace(unsigned, signature=signature)) + b"\n"
            file.seek(len(sound))
            file.truncate()
            file.write(line if not sound or sound.endswith(b"\n") else b"\n" + line)
            file.flush()
            os.fsync(file.fileno())

    def begin(self) -> None:
        """An empty file: from now on it is missed when it is not there."""
        self.path.touch(mode=0o600)

    def newest(self) -> Anchor | None:
        """The last one, whether or not its signature is right."""
        return _read(_sound(self._text()).rstrip(b"\n").rpartition(b"\n")[2])

    def read(self) -> Signed:
        """All of them, each with its signature verified."""
        if not self.path.exists():
            return Signed(broken=1, why=MISSING)
        public, hashes, newest = self._private().public_key(), dict[int, str](), -1
        for number, line in enumerate(_lines(self._text()), 1):
            found = _read(line)
            if found is None or found.number != number or found.seq <= newest or not _verified(found, public):
                return Signed(hashes, number, UNSIGNED)
            hashes[found.seq], newest = found.hash, found.seq
        return Signed(hashes)

    def keep(self, last: int, aside: Path) -> None:
        """Move the file to `aside`, and keep here only the anchors of rows up to `last`."""
        lines = [line for line in _lines(self._text()) if (found := _read(line)) and found.seq <= last]
        if self.path.exists():
            self.path.replace(aside)
        if lines:
            with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600), "wb") as file:
                file.write(b"".join(line + b"\n" for line in lines))

    def _text(self) -> bytes:
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return b""

    def _private(self) -> Ed25519PrivateKey:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 (used seldom)

        return Ed25519PrivateKey.from_private_bytes(self._seed)


def _sound(text: bytes) -> bytes:
    """Without a line that was being written when the power failed: it has neither its end nor its last brace."""
    last = text.rpartition(b"\n")[2]
    return text if b"}" in last else text[: len(text) - len(last)]


def _lines(text: bytes) -> list[bytes]:
    sound = _sound(text)
    return sound.removesuffix(b"\n").split(b"\n") if sound else []


def _read(line: bytes) -> Anchor | None:
    try:
        return msgspec.json.decode(line, type=Anchor)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def _verified(anchor: Anchor, public: Ed25519PublicKey) -> bool:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (used seldom)

    try:
        public.verify(base64.b64decode(anchor.signature, validate=True), anchor.signed)
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True
