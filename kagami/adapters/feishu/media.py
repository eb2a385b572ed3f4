"""Files of messages, both ways: they are fetched and given only by calls with the account's token."""

from __future__ import annotations

import asyncio
import re

import msgspec

from kagami.adapters.feishu.rest import Rest
from kagami.adapters.feishu.wire import Draft
from kagami.errors import KagamiError, Refused
from kagami.model.event import Event
from kagami.model.message import Message
from kagami.model.segment import AnySegment, File, Image, Media, Video, Voice
from kagami.net.api import LARGEST_MEDIUM, Part
from kagami.ports import Media as Store

MEGABYTE = 1024 * 1024
LARGEST_IMAGE, LARGEST_FILE = 10 * MEGABYTE, 30 * MEGABYTE
UPLOAD_SECONDS = 60.0
# What is fetched before an event is accepted: small and at once, for the event has to be acknowledged within 3 s.
QUICK_BYTES, QUICK_SECONDS = 10 * MEGABYTE, 1.5
_QUICK = (Image, Voice)

_THERE = re.compile(r"(om_[\w-]{1,128})/([\w-]{1,256})", re.ASCII)
_TYPES = {
    "pdf": "pdf",
    "doc": "doc",
    "docx": "doc",
    "xls": "xls",
    "xlsx": "xls",
    "ppt": "ppt",
    "pptx": "ppt",
    "mp4": "mp4",
    "opus": "opus",
}


class _Uploaded(msgspec.Struct, frozen=True):
    image_key: str


class _Stored(msgspec.Struct, frozen=True):
    file_key: str


class Files:
    def __init__(self, rest: Rest, store: Store) -> None:
        self._rest = rest
        self._store = store

    # --- in ---

    async def with_pictures(self, event: Event) -> Event:
        """The event with its pictures and voices in the media store, as far as they come at once."""
        if not any(isinstance(part, _QUICK) for part in event.message):
            return event
        message = tuple(await asyncio.gather(*(self._kept(part) for part in event.message)))
        return msgspec.structs.replace(event, message=message)

    async def _kept(self, part: AnySegment) -> AnySegment:
        if not isinstance(part, _QUICK) or _THERE.fullmatch(part.file) is None:
            return part
        try:
            async with asyncio.timeout(QUICK_SECONDS):
                reference = await self.fetch(part.file, largest=QUICK_BYTES, seconds=QUICK_SECONDS)
        except (TimeoutError, KagamiError):
            return part  # it can be asked for later: get_image, get_file
        return msgspec.structs.replace(part, file=reference, extra={**part.extra, "file_id": part.file})

    async def fetch(self, name: str, *, largest: int = LARGEST_MEDIUM, seconds: float = UPLOAD_SECONDS) -> str:
        """Keep a file of a message, `<message id>/<key>`, or what else a source leads to; its reference."""
        found = _THERE.fullmatch(name)
        if found is None:
            return await self._store.fetch(_checked(name))
        path = f"/open-apis/im/v1/messages/{found[1]}/resources/{found[2]}"
        kind = "image" if found[2].startswith("img_") else "file"
        content = await self._rest.download(path, {"type": kind}, largest=largest, seconds=seconds)
        return await self._store.keep(content, found[2])

    # --- out ---

    async def uploaded(self, message: Message) -> dict[int, Draft]:
        """Every file of a message as what can be sent, by its place."""
        places = [(place, part) for place, part in enumerate(message) if isinstance(part, Media)]
        return {place: await self._upload(part) for place, part in places}

    async def _upload(self, part: Media) -> Draft:
        if part.file.startswith("img_"):
            return Draft("image", {"image_key": part.file})
        if part.file.startswith("file_"):
            return Draft("file", {"file_key": part.file})
        reference = await self.fetch(part.file or part.url)
        content = await self._store.read(reference)
        if isinstance(part, Image) and len(content) <= LARGEST_IMAGE:
            return await self._upload_image(content)
        return await self._upload_file(part, content, _name(part, reference))

    async def _upload_image(self, content: bytes) -> Draft:
        form = (Part("image_type", b"message"), Part("image", content, "image"))
        given = await self._rest.ask("POST", "/open-apis/im/v1/images", _Uploaded, form=form, seconds=UPLOAD_SECONDS)
        return Draft("image", {"image_key": given.image_key})

    async def _upload_file(self, part: Media, content: bytes, name: str) -> Draft:
        """A voice and a video are such only in the formats of the platform; any other is sent as the file it is."""
        if not 0 < len(content) <= LARGEST_FILE:
            raise Refused(reason=f"Feishu takes files of 1 byte to {LARGEST_FILE // MEGABYTE} MB: {name}")
        kind, file_type = "file", _TYPES.get(name.rpartition(".")[2].lower(), "stream")
        if isinstance(part, Voice) and content.startswith(b"OggS"):
            kind, file_type = "audio", "opus"
        elif isinstance(part, Video) and content[4:8] == b"ftyp":
            kind, file_type = "media", "mp4"
        form = [Part("file_type", file_type.encode()), Part("file_name", name.encode()), Part("file", content, name)]
        duration = part.extra.get("duration_ms")
        if isinstance(duration, int):
            form.append(Part("duration", str(duration).encode()))
        given = await self._rest.ask("POST", "/open-apis/im/v1/files", _Stored, form=form, seconds=UPLOAD_SECONDS)
        return Draft(kind, {"file_key": given.file_key})


def _checked(source: str) -> str:
    if source.startswith(("media:", "http://", "https://", "base64://", "data:")):
        return source
    raise Refused(reason="A file is given as media:, https:, base64: or data:, or as one of a message.")


def _name(part: Media, reference: str) -> str:
    name = str(part.extra.get("name") or part.extra.get("file_name") or "")
    ending = reference.rpartition(".")[2]
    return name.replace("/", "_")[:200] or f"{_PLAIN_NAMES[type(part)]}.{ending}"


_PLAIN_NAMES: dict[type, str] = {Image: "image", Voice: "voice", Video: "video", File: "file"}
