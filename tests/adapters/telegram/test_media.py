from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from kagami.adapters.telegram import media as module
from kagami.adapters.telegram.api import BotApi
from kagami.adapters.telegram.config import TelegramConfig
from kagami.adapters.telegram.media import Fetcher, load, load_part
from kagami.adapters.telegram.write import Medium
from kagami.core.secrets import Secret
from kagami.errors import NotFound, Refused
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message
from kagami.model.segment import AnySegment, File, Image, Text, Video, Voice
from kagami.net.api import Api, Part
from kagami.testing.adapters import KeptMedia
from kagami.testing.telegram import TOKEN, TelegramServer, open_telegram

FILE_ID = "AgACAgIAAxkBAAEB0000"


class NamedMedia(KeptMedia):
    """A store whose references end as they are told to."""

    def put(self, content: bytes, ending: str) -> str:
        reference = self.accept(content).removesuffix("bin") + ending
        self.files[reference] = content
        return reference


def event(*message: AnySegment) -> Event:
    return Event(
        execution=ExecutionId("x"),
        bot=BotId("telegram:1"),
        kind="message",
        name="private",
        chat=ChatId("private:1"),
        user=UserId("1"),
        time_ms=0,
        dedupe="m:1",
        message=message,
    )


# --- out ---


@pytest.mark.parametrize(
    ("part", "ending", "kind"),
    [
        (Image, "png", "photo"),
        (Image, "gif", "animation"),
        (Video, "mp4", "video"),
        (Voice, "ogg", "voice"),
        (Voice, "amr", "document"),
        (File, "pdf", "document"),
    ],
)
async def test_content_goes_as_what_telegram_takes_it_for(
    part: type[Image | Video | Voice | File], ending: str, kind: str
) -> None:
    store = NamedMedia()
    outgoing = await load((Text("a"), part(store.put(b"c", ending))), store)
    assert outgoing.media == {1: Medium(kind, "attach://m1")}  # type: ignore[arg-type]
    assert outgoing.uploads == {"m1": Part("m1", b"c", f"{kind}.{ending}")}


async def test_a_picture_that_is_too_large_goes_as_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST_PHOTO", 2)
    store = NamedMedia()
    outgoing = await load((Image(store.put(b"ccc", "png")),), store)
    assert outgoing.media[0].kind == "document"


async def test_a_file_keeps_its_name() -> None:
    store = NamedMedia()
    outgoing = await load((File(store.put(b"c", "bin"), extra={"name": "a.txt"}),), store)
    assert outgoing.uploads["m0"].filename == "a.txt"


@pytest.mark.parametrize(
    ("part", "kind"),
    [
        (Image(FILE_ID), "photo"),
        (Image(FILE_ID, extra={"sticker": "👍"}), "sticker"),
        (Video(FILE_ID, extra={"animation": True}), "animation"),
        (Voice(FILE_ID), "voice"),
        (File(FILE_ID, extra={"mime": "audio/mpeg"}), "audio"),
    ],
)
async def test_what_telegram_has_already_goes_by_its_id(part: AnySegment, kind: str) -> None:
    outgoing = await load((part,), KeptMedia())
    assert (outgoing.media[0], outgoing.uploads) == (Medium(kind, FILE_ID), {})  # type: ignore[arg-type]


async def test_an_address_is_fetched_here() -> None:
    store = KeptMedia()
    store.there["https://a.b/c.png"] = b"c"
    outgoing = await load((Image("", url="https://a.b/c.png"),), store)
    assert outgoing.uploads["m0"].content == b"c"


@pytest.mark.parametrize("source", ["file:///etc/passwd", "/etc/passwd", "ftp://a/b", "", "a b"])
async def test_what_is_no_file_that_can_be_sent_is_refused(source: str) -> None:
    with pytest.raises(Refused):
        await load_part(source, "f", KeptMedia())


async def test_a_file_that_is_gone_is_an_error() -> None:
    with pytest.raises(NotFound):
        await load((Image("media:gone"),), KeptMedia())


# --- in ---


@pytest.fixture
async def server() -> AsyncIterator[TelegramServer]:
    async with open_telegram() as opened:
        yield opened


@pytest.fixture
async def store() -> KeptMedia:
    return KeptMedia()


@pytest.fixture
async def fetcher(server: TelegramServer, store: KeptMedia) -> AsyncIterator[Fetcher]:
    async with Api(server.url) as api:
        yield Fetcher(BotApi(api, TelegramConfig(token=Secret(TOKEN), api_url=server.url)), store)


def picture(server: TelegramServer, content: bytes, **more: object) -> Image:
    file_id = server.keep(content)["file_id"]
    return Image(file_id, extra={"file_id": file_id, **more})


async def test_what_came_is_kept_and_its_id_too(server: TelegramServer, store: KeptMedia, fetcher: Fetcher) -> None:
    given = picture(server, b"content")
    (found,) = await fetcher.filled([event(Text("a"), given)])
    (part,) = (part for part in found.message if isinstance(part, Image))
    assert (store.files[part.file], part.extra, part.url) == (b"content", {"file_id": given.file}, "")


async def test_what_is_large_waits_to_be_asked_for(server: TelegramServer, store: KeptMedia, fetcher: Fetcher) -> None:
    given = picture(server, b"content", size=module.LARGEST_AT_ONCE + 1)
    assert (await fetcher.filled([event(given)]))[0].message == (given,)
    assert store.files == {}


async def test_what_cannot_be_fetched_keeps_its_id(fetcher: Fetcher) -> None:
    given: Message = (Image("unknown"),)
    assert (await fetcher.filled([event(*given)]))[0].message == given


async def test_a_slow_file_does_not_hold_up_the_message(
    server: TelegramServer, store: KeptMedia, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    slow, quick = picture(server, b"slow"), picture(server, b"quick")
    keep = store.keep

    async def hold(content: bytes, name: str = "") -> str:
        if content == b"slow":
            await asyncio.get_running_loop().create_future()
        return await keep(content, name)

    monkeypatch.setattr(store, "keep", hold)
    (found,) = await fetcher.filled([event(slow, quick)])
    files = [part.file for part in found.message if isinstance(part, Image)]
    assert (files[0], store.files.get(files[1])) == (slow.file, b"quick")
