"""Texts that are kept so that only this home can read them: AES-256-GCM, the key in `secrets/`, never in the database.

A sealed text names its key. What it belongs to (row and column) is authenticated with it: a text that is moved to
another place does not open there.
"""

from __future__ import annotations

import base64
import os
import zlib
from hashlib import sha256

from kagami.core.secrets import Secret
from kagami.errors import Unavailable
from kagami.i18n import mark

NAME = "settings_key"  # of the file in secrets/
NONCE_BYTES = 12
_VERSION = "v1"


class Seal:
    """`secret` is a generated one: 256 bits, as URL-safe text."""

    def __init__(self, secret: Secret) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 (only who changes something)

        # The generated text is random already; the digest only gives it its length.
        key = sha256(b"kagami settings history\0" + secret.reveal().encode()).digest()
        self._cipher = AESGCM(key)
        self._key_id = sha256(key).hexdigest()[:8]

    def close(self, raw: bytes, place: str) -> str:
        """`raw`, compressed and sealed, for this place."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, zlib.compress(raw), self._bound(place))
        return f"{_VERSION}.{self._key_id}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, place: str) -> bytes:
        """What was sealed; `Unavailable` when the key is another one, or somebody changed the text."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        version, key_id, text = sealed.split(".", 2)
        if (version, key_id) != (_VERSION, self._key_id):
            raise Unavailable(what=place, reason=mark("its key in secrets/ is not there any more"))
        raw = base64.b64decode(text)
        try:
            return zlib.decompress(self._cipher.decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], self._bound(place)))
        except InvalidTag:
            raise Unavailable(what=place, reason=mark("it was changed from outside")) from None

    def _bound(self, place: str) -> bytes:
        return f"{place}\0{self._key_id}".encode()
