"""Where WeChat keeps media, encrypted: what is uploaded has to be what was announced."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import web
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

KEY_BYTES = 16
KINDS = (1, 2, 3, 4)
_HEX = re.compile(r"[0-9a-f]{32}")


def seal(content: bytes, key: bytes) -> bytes:
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()  # noqa: S305 - the platform's choice
    return encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()


def unseal(content: bytes, key: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(key), modes.ECB()).decryptor()  # noqa: S305 - the platform's choice
    unpadder = PKCS7(128).unpadder()
    return unpadder.update(decryptor.update(content) + decryptor.finalize()) + unpadder.finalize()


@dataclass
class Upload:
    """What was announced; sizes in bytes, `filesize` the encrypted one."""

    rawsize: int
    filesize: int
    md5: str
    key: bytes


@dataclass
class Cdn:
    """`sealed` is what lies there, by its download parameter; `statuses` are answered to the next uploads."""

    url: str = ""
    sealed: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def medium(self, content: bytes, *, raw_key: bool = False, full_url: bool = True) -> dict[str, Any]:
        """A `media` of which the content lies here; `raw_key` is the other spelling of its key."""
        key, param = secrets.token_bytes(KEY_BYTES), f"p/{secrets.token_hex(8)}+=="
        self.sealed[param] = seal(content, key)
        spelled = base64.b64encode(key if raw_key else key.hex().encode()).decode()
        told = {"encrypt_query_param": param, "aes_key": spelled, "encrypt_type": 1}
        url = f"{self.url}/download?encrypted_query_param={quote(param, safe='')}"
        return told | ({"full_url": url} if full_url else {})

    def content(self, item: Mapping[str, Any]) -> bytes:
        """What a user sees of a medium that the bot sent."""
        media = next(value for value in item.values() if isinstance(value, dict))["media"]
        raw = base64.b64decode(media["aes_key"])
        key = raw if len(raw) == KEY_BYTES else bytes.fromhex(raw.decode())
        return unseal(self.sealed[media["encrypt_query_param"]], key)

    def announce(self, body: Mapping[str, Any]) -> tuple[str, str]:
        """The parameter and the address for an upload; `ValueError` for what is not well announced."""
        name, key = str(body.get("filekey")), str(body.get("aeskey"))
        size = int(body.get("rawsize", -1))
        if not _HEX.fullmatch(name) or not _HEX.fullmatch(key):
            raise ValueError("filekey and aeskey are 32 hex digits each")
        if body.get("media_type") not in KINDS:
            raise ValueError("media_type is none")
        if body.get("filesize") != (size // KEY_BYTES + 1) * KEY_BYTES:
            raise ValueError("filesize is not the padded size")
        self.uploads[name] = Upload(size, body["filesize"], str(body.get("rawfilemd5")), bytes.fromhex(key))
        param = f"up/{name}+=="
        return param, f"{self.url}/upload?encrypted_query_param={quote(param, safe='')}&filekey={name}"

    async def upload(self, request: web.Request) -> web.Response:
        sealed = await request.read()
        if self.statuses:
            return web.Response(status=self.statuses.pop(0), headers={"x-error-message": "no place"})
        name = request.query.get("filekey", "")
        told = self.uploads.get(name)
        right = request.query.get("encrypted_query_param") == f"up/{name}+=="
        if told is None or not right or request.content_type != "application/octet-stream":
            return self._refuse("nothing like it was announced")
        content = unseal(sealed, told.key) if len(sealed) == told.filesize else b""
        if (len(content), hashlib.md5(content).hexdigest()) != (told.rawsize, told.md5):  # noqa: S324 - the platform's
            return self._refuse("the content is another")
        param = f"down/{name}+=="
        self.sealed[param] = sealed
        return web.Response(headers={"x-encrypted-param": param})

    def _refuse(self, reason: str) -> web.Response:
        self.refused.append(reason)
        return web.Response(status=400, headers={"x-error-message": reason})

    async def download(self, request: web.Request) -> web.Response:
        content = self.sealed.get(request.query.get("encrypted_query_param", ""))
        return web.Response(status=404) if content is None else web.Response(body=content)
