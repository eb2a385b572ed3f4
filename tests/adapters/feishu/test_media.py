"""Files, both ways."""

from __future__ import annotations

import base64

import pytest

from kagami.adapters.feishu import media as module
from kagami.adapters.feishu.media import Files
from kagami.adapters.feishu.wire import Draft
from kagami.errors import Declined, NotFound, Refused
from kagami.model.event import Event
from kagami.model.ids import BotId, ChatId, ExecutionId, UserId
from kagami.model.message import Message
from kagami.model.segment import File, Image, Text, Video, Voice
from kagami.testing.adapters import KeptMedia
from kagami.testing.feishu import FakeFeishu

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
OGG = b"OggS" + bytes(100)
MP4 = b"\x00\x00\x00\x18ftypisom" + bytes(100)


def event(message: Message) -> Event:
    ids = ExecutionId("x"), BotId("feishu:cli_1")
    return Event(*ids, "message", "private", ChatId("private:ou_1"), UserId("ou_1"), 1, "m:om_1", message)


async def test_pictures_and_voices_are_kept_before_an_event_is_taken(
    files: Files, feishu: FakeFeishu, media: KeptMedia
) -> None:
    feishu.resources |= {("om_1", "img_1"): PNG, ("om_1", "file_1"): OGG}
    whole = await files.with_pictures(event((Text("see"), Image("om_1/img_1"), Voice("om_1/file_1"))))
    text, picture, voice = whole.message
    assert isinstance(picture, Image)
    assert isinstance(voice, Voice)
    assert (text, media.files[picture.file], media.files[voice.file]) == (Text("see"), PNG, OGG)
    assert picture.extra == {"file_id": "om_1/img_1"}


async def test_files_and_videos_are_left_until_they_are_asked_for(
    files: Files, feishu: FakeFeishu, media: KeptMedia
) -> None:
    feishu.resources["om_1", "file_1"] = b"content"
    left = event((File("om_1/file_1"), Video("om_1/file_2")))
    assert await files.with_pictures(left) == left
    assert media.files[await files.fetch("om_1/file_1")] == b"content"


async def test_a_picture_that_does_not_come_is_left(files: Files, feishu: FakeFeishu) -> None:
    left = event((Image("om_1/img_gone"),))
    assert await files.with_pictures(left) == left


async def test_a_picture_that_is_too_large_to_wait_for_is_left(
    files: Files, feishu: FakeFeishu, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUICK_BYTES", 10)
    feishu.resources["om_1", "img_1"] = PNG
    left = event((Image("om_1/img_1"),))
    assert await files.with_pictures(left) == left


async def test_what_is_not_there_is_declined(files: Files) -> None:
    with pytest.raises(Declined):
        await files.fetch("om_1/file_gone")


@pytest.mark.parametrize(
    ("part", "content", "kind"),
    [
        (Image, PNG, "image"),
        (Voice, OGG, "audio"),
        (Voice, b"ID3", "file"),
        (Video, MP4, "media"),
        (Video, b"webm", "file"),
        (File, b"text", "file"),
    ],
)
async def test_a_file_is_uploaded_as_what_the_platform_takes_it_for(
    files: Files, feishu: FakeFeishu, media: KeptMedia, part: type[Image], content: bytes, kind: str
) -> None:
    drafts = await files.uploaded((Text("see"), part(media.accept(content), extra={"name": "名字.dat"})))
    (key,) = drafts[1].content.values()
    assert (list(drafts), drafts[1].kind, feishu.uploads[key]) == ([1], kind, content)


async def test_a_file_of_a_message_can_be_sent_on(files: Files, feishu: FakeFeishu) -> None:
    feishu.resources["om_1", "img_1"] = PNG
    drafts = await files.uploaded((Image("om_1/img_1"),))
    assert feishu.uploads[drafts[0].content["image_key"]] == PNG


async def test_what_was_uploaded_before_needs_no_upload(files: Files, feishu: FakeFeishu) -> None:
    drafts = await files.uploaded((Image("img_v2_7"), File("file_v2_8")))
    assert drafts == {0: Draft("image", {"image_key": "img_v2_7"}), 1: Draft("file", {"file_key": "file_v2_8"})}
    assert feishu.uploads == {}


async def test_a_file_may_be_given_in_the_message_or_by_address(
    files: Files, feishu: FakeFeishu, media: KeptMedia
) -> None:
    embedded = f"base64://{base64.b64encode(PNG).decode()}"
    media.there |= {embedded: PNG, "https://example.com/a.png": PNG}
    await files.uploaded((Image(embedded), Image("", url="https://example.com/a.png")))
    assert list(feishu.uploads.values()) == [PNG, PNG]


@pytest.mark.parametrize("source", ["file:///etc/passwd", "/etc/passwd", "", "om_1/../x", "ftp://x"])
async def test_files_of_this_machine_are_refused(files: Files, source: str) -> None:
    with pytest.raises(Refused):
        await files.uploaded((File(source),))


async def test_a_file_that_is_gone_is_told(files: Files) -> None:
    with pytest.raises(NotFound):
        await files.uploaded((Image("media:gone"),))


async def test_a_file_that_is_too_large_is_refused_before_it_is_sent(
    files: Files, feishu: FakeFeishu, media: KeptMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_FILE", 10)
    with pytest.raises(Refused):
        await files.uploaded((File(media.accept(bytes(11))),))
    assert feishu.uploads == {}


async def test_a_picture_that_is_too_large_for_one_is_sent_as_a_file(
    files: Files, media: KeptMedia, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LARGEST_IMAGE", 10)
    drafts = await files.uploaded((Image(media.accept(PNG)),))
    assert drafts[0].kind == "file"
