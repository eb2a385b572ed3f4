"""AES-128-ECB with PKCS7, as WeChat's CDN wants it. Loaded with the first medium."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from kagami.errors import WireError


def seal(content: bytes, key: bytes) -> bytes:
    padder = PKCS7(algorithms.AES.block_size).padder()
    encryptor = _cipher(key).encryptor()
    return encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()


def unseal(content: bytes, key: bytes) -> bytes:
    """`WireError` when the key does not fit."""
    decryptor = _cipher(key).decryptor()
    unpadder = PKCS7(algorithms.AES.block_size).unpadder()
    try:
        padded = decryptor.update(content) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise WireError(reason="a medium cannot be decrypted with its key") from None


def _cipher(key: bytes) -> Cipher[modes.ECB]:
    # The platform's own choice: a key for each medium.
    return Cipher(algorithms.AES(key), modes.ECB())  # noqa: S305
