"""Ed25519 signatures of packages (RFC 8032), with keys and signatures as text: `ed25519:` and base64.

What is signed is the canonical JSON of the manifest without its `signature`: keys sorted, no spaces, UTF-8. Its
`files` hold the SHA-256 of every other file, so that the signature speaks for the whole package.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from kagami.errors import NoKey, UsageError

_PREFIX = "ed25519:"
_PRIVATE = "ed25519-private:"
_KEY_BYTES, _SIGNATURE_BYTES = 32, 64
_SHOWN = 16


def make_key(path: Path) -> str:
    """Write a new private key to `path`, for its owner alone, and return the public one.

    `UsageError` when `path` is there already: a key that is overwritten is lost.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 (authors only)

    key = Ed25519PrivateKey.generate()
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(reason=f"{path} cannot be made: {error.strerror}") from None
    with os.fdopen(file, "wb") as out:
        out.write(_PRIVATE.encode() + base64.b64encode(key.private_bytes_raw()) + b"\n")
    return _PREFIX + base64.b64encode(key.public_key().public_bytes_raw()).decode()


def public_key(path: Path) -> str:
    """The public key of the private one in `path`; errors as of `sign`."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 (authors only)

    key = Ed25519PrivateKey.from_private_bytes(_private(path)).public_key()
    return _PREFIX + base64.b64encode(key.public_bytes_raw()).decode()


def sign(content: bytes, path: Path) -> str:
    """The signature by the private key in `path`; `UsageError` when others may read that file or it holds no key."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 (authors only)

    key = Ed25519PrivateKey.from_private_bytes(_private(path))
    return _PREFIX + base64.b64encode(key.sign(content)).decode()


def _private(path: Path) -> bytes:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise UsageError(reason=f"other users of this machine may open {path}. Run: chmod 600 {path}")
        text = path.read_text("ascii").strip()
    except FileNotFoundError:
        raise NoKey(path=path) from None
    except OSError as error:
        raise UsageError(reason=f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        text = ""
    if (key := _decode(text, _PRIVATE, _KEY_BYTES)) is None:
        raise UsageError(reason=f"{path} holds no private key of Kagami")
    return key


def verify(public: str, signature: str, content: bytes) -> bool:
    """Whether the owner of `public` signed `content`. `UsageError` when `public` is not a key at all."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 (a host that runs plugins verifies nothing)
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415

    key = Ed25519PublicKey.from_public_bytes(_public(public))
    if (given := _decode(signature, _PREFIX, _SIGNATURE_BYTES)) is None:
        return False
    try:
        key.verify(given, content)
    except InvalidSignature:
        return False
    return True


def fingerprint(public: str) -> str:
    """Sixteen hexadecimal digits by which people tell keys apart."""
    return hashlib.sha256(_public(public)).hexdigest()[:_SHOWN]


def canonical(manifest: Mapping[str, Any]) -> bytes:
    """What is signed of a `plugin.json`, given as it is written there."""
    return msgspec.json.encode({key: value for key, value in manifest.items() if key != "signature"}, order="sorted")


def _public(text: str) -> bytes:
    if (key := _decode(text.strip(), _PREFIX, _KEY_BYTES)) is None:
        raise UsageError(reason=f"{text[:80]!r} is not a public key: it begins with ed25519: and has 44 letters more")
    return key


def _decode(text: str, prefix: str, size: int) -> bytes | None:
    if not text.startswith(prefix):
        return None
    try:
        found = base64.b64decode(text.removeprefix(prefix), validate=True)
    except (binascii.Error, ValueError):
        return None
    return found if len(found) == size else None
