"""Files on their way through WeChat's CDN, where they lie encrypted."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from kagami.adapters.weixin.codec import (
    FILE_MARK,
    KEY_BYTES,
    Attachment,
    Place,
    media_item,
    read_place,
    upload_body,
)
from kagami.adapters.weixin.files import Files
from kagami.adapters.weixin.ilink import ILink
from kagami.errors import KagamiError, Refused, Unavailable, WireError
from kagami.net.api import LARGEST_MEDIUM, Api
from kagami.net.trip import MEGABYTE
from kagami.ports import HttpAnswer, Media

QUICK_BYTES = 8 * MEGABYTE
QUICK_SECONDS = 10.0
UPLOAD_SECONDS = 120.0
UPLOAD_TRIES = 3
SERVER_ERROR = 500


class Carrier:
    """Brings media in and out. `cdn` is the base of addresses that the platform leaves to us."""

    def __init__(self, api: Api, ilink: ILink, media: Media, cdn: str, files: Files) -> None:
        self._api = api
        self._ilink = ilink
        self._media = media
        self._cdn = cdn.rstrip("/")
        self._files = files

    async def bring(self, name: str, largest: int = LARGEST_MEDIUM) -> str:
        """Fetch and keep a file by its name in a message; the reference of what is kept."""
        return await self._media.keep(await self._content(self._files.find(name), largest))

    async def bring_quickly(self, written: Iterable[str], now_ms: int) -> dict[str, str]:
        """What stands for each of these places: the reference of what is small and comes soon, else a name."""
        places = {each: read_place(each) for each in written}
        kept: dict[str, str] = {}
        try:
            async with asyncio.timeout(QUICK_SECONDS):
                for each, place in places.items():
                    try:
                        kept[each] = await self._media.keep(await self._content(place, QUICK_BYTES))
                    except KagamiError:
                        continue
        except TimeoutError:
            pass
        return {each: kept.get(each) or self._files.put(place, now_ms) for each, place in places.items()}

    async def _content(self, place: Place, largest: int) -> bytes:
        url = place.url or f"{self._cdn}/download?encrypted_query_param={quote(place.param, safe='')}"
        # A message may name any address; the host of the API is open to the bot, wherever it is.
        own = url.startswith(f"{self._cdn}/")
        content = await self._api.fetch(url, largest=largest + KEY_BYTES, own=own)
        if not place.key:
            return content
        from kagami.adapters.weixin.cipher import unseal  # noqa: PLC0415 - with the first medium

        return await asyncio.to_thread(unseal, content, bytes.fromhex(place.key))

    async def upload(self, peer: str, attachment: Attachment) -> dict[str, Any]:
        """The item that shows a file to a peer. `Refused` when the platform does not want it."""
        from kagami.adapters.weixin.cipher import seal  # noqa: PLC0415 - with the first medium

        content = await self._read(attachment.source)
        if len(content) > LARGEST_MEDIUM:
            raise Refused(reason=f"A file for WeChat may have {LARGEST_MEDIUM / MEGABYTE:g} MB.")
        key, name = secrets.token_bytes(KEY_BYTES), secrets.token_hex(16)
        body = await asyncio.to_thread(upload_body, peer, attachment.kind, content, key=key, name=name)
        told = await self._ilink.upload_place(body)
        url = told.upload_full_url or (
            told.upload_param
            and f"{self._cdn}/upload?encrypted_query_param={quote(told.upload_param, safe='')}&filekey={name}"
        )
        if told.code or not url:
            raise Refused(reason=f"WeChat takes no upload now ({told.code}) {told.errmsg or ''}".rstrip())
        sealed = await asyncio.to_thread(seal, content, key)
        param = await self._put(url, sealed)
        return media_item(attachment.kind, param, key, size=len(content), sealed=len(sealed), name=attachment.name)

    async def _read(self, source: str) -> bytes:
        reference = await (self.bring(source) if source.startswith(FILE_MARK) else self._media.fetch(source))
        return await self._media.read(reference)

    async def _put(self, url: str, sealed: bytes) -> str:
        """What the CDN knows it by; tried again when the CDN has trouble of its own."""
        trouble = ""
        for _ in range(UPLOAD_TRIES):
            try:
                answer = await self._api.call(
                    "POST",
                    url,
                    body=sealed,
                    headers={"Content-Type": "application/octet-stream"},
                    seconds=UPLOAD_SECONDS,
                )
            except Unavailable as error:
                trouble = error.text()
                continue
            if answer.ok:
                return _param(answer)
            trouble = answer.headers.get("x-error-message") or f"HTTP status {answer.status}"
            if answer.status < SERVER_ERROR:
                break
        raise Refused(reason=f"WeChat's CDN does not take the file: {trouble[:200]}")


def _param(answer: HttpAnswer) -> str:
    param = answer.headers.get("x-encrypted-param", "")
    if not param:
        raise WireError(reason="the CDN does not say what it knows the upload by")
    return param
