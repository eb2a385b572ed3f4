"""Files both ways: what is to be sent is read, what came is kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from kagami.adapters.telegram.api import BotApi
from kagami.errors import KagamiError, Refused
from kagami.model.event import Event
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Image, Media, Video, Voice
from kagami.net.api import Part
from kagami.ports import Media as MediaStore

if TYPE_CHECKING:
    from kagami.adapters.telegram.write import Medium, MediumKind

LARGEST_PHOTO = 10 * 1024 * 1024
# What is larger waits until somebody asks for it.
LARGEST_AT_ONCE = 10 * 1024 * 1024
PATIENCE_S = 10.0
AT_ONCE = 4

_FILE_ID = re.compile(r"[A-Za-z0-9_-]{20,256}", re.ASCII)
_HEARABLE = ("ogg", "mp3", "m4a")


class Outgoing(NamedTuple):
    """The media of a message by their place in it, and what is uploaded with them."""

    media: dict[int, Medium]
    uploads: dict[str, Part]


async def load(message: Message, store: MediaStore) -> Outgoing:
    """What is to be sent with a message. `Refused` or `NotFound` for what cannot be read."""
    outgoing = Outgoing({}, {})
    for place, part in enumerate(message):
        if isinstance(part, Media):
            outgoing.media[place] = await _load(part, f"m{place}", store, outgoing.uploads)
    return outgoing


async def _load(part: Media, field: str, store: MediaStore, uploads: dict[str, Part]) -> Medium:
    from kagami.adapters.telegram.write import Medium  # noqa: PLC0415 (what only hears does not write)

    source = part.file or part.url
    if _FILE_ID.fullmatch(source):
        return Medium(_kind(part, "", 0), source)
    upload = await load_part(source, field, store)
    ending = upload.filename.rpartition(".")[2]
    kind = _kind(part, ending, len(upload.content))
    name = str(part.extra.get("name") or f"{kind}.{ending}")
    uploads[field] = upload._replace(filename=name)
    return Medium(kind, f"attach://{field}")


async def load_part(source: str, field: str, store: MediaStore) -> Part:
    """A field of a form with the content of a reference or an address."""
    if not source.startswith(("media:", "http://", "https://", "base64://", "data:")):
        raise Refused(reason=f"{source[:60]!r} is no file that can be sent: give an address or a reference.")
    reference = await store.fetch(source)
    content = await store.read(reference)
    return Part(field, content, f"file.{reference.rpartition('.')[2]}")


def _kind(part: Media, ending: str, size: int) -> MediumKind:
    """As what Telegram takes it."""
    if isinstance(part, Image):
        return _picture(part, ending, size)
    if isinstance(part, Video):
        return "animation" if part.extra.get("animation") else "video"
    if isinstance(part, Voice):
        return "voice" if ending in _HEARABLE or not ending else "document"
    return "audio" if str(part.extra.get("mime", "")).startswith("audio/") and not ending else "document"


def _picture(part: Media, ending: str, size: int) -> MediumKind:
    if "sticker" in part.extra and not ending:
        return "sticker"
    if ending == "gif":
        return "animation"
    return "photo" if size <= LARGEST_PHOTO else "document"


class Fetcher:
    """Keeps what came with events: an address of Telegram's has the bot's token in it, so that none is passed on."""

    def __init__(self, api: BotApi, store: MediaStore) -> None:
        self._api = api
        self._store = store
        self._gate = asyncio.Semaphore(AT_ONCE)

    async def fetch(self, file_id: str) -> str:
        """The reference of a file that somebody sent."""
        return await self._store.keep(await self._api.download(file_id))

    async def filled(self, events: Sequence[Event]) -> list[Event]:
        """The events with their media kept, as far as that is done within a few seconds.

        The others keep Telegram's id in `file`: `get_file` fetches it.
        """
        wanted = {
            part.file
            for event in events
            for part in event.message
            if isinstance(part, Media) and part.extra.get("size", 0) <= LARGEST_AT_ONCE
        }
        if not wanted:
            return list(events)
        kept: dict[str, str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.gather(*(self._keep(file_id, kept) for file_id in wanted))
        return [_filled(event, kept) for event in events]

    async def _keep(self, file_id: str, kept: dict[str, str]) -> None:
        with suppress(KagamiError):
            async with self._gate:
                kept[file_id] = await self.fetch(file_id)


def _filled(event: Event, kept: dict[str, str]) -> Event:
    def part(each: AnySegment) -> AnySegment:
        reference = kept.get(each.file) if isinstance(each, Media) else None
        return msgspec.structs.replace(each, file=reference) if reference else each

    return msgspec.structs.replace(event, message=tuple(part(each) for each in event.message))
