from __future__ import annotations

from typing import Any

import msgspec
import pytest

from kagami.adapters.telegram.parts import Parts, read_parts
from kagami.adapters.telegram.wire import Said
from kagami.model.segment import File, Image, Mention, Native, Reply, Text, Video, Voice

ME = 4711
CHAT = {"id": -100, "type": "supergroup"}


def parts(**fields: Any) -> Parts:
    said = msgspec.convert({"message_id": 1, "date": 1, "chat": CHAT} | fields, Said)
    return read_parts(said, ME, "KagamiBot")


def entity(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length} | more


def test_a_name_of_the_bot_is_a_mention() -> None:
    read = parts(text="😀 @kagamibot hi", entities=[entity("mention", 3, 10)])
    assert read == Parts((Text("😀 "), Mention("4711", {"name": "@kagamibot"}), Text(" hi")), mentioned=True)


def test_another_name_stays_as_it_was_typed() -> None:
    assert parts(text="@other hi", entities=[entity("mention", 0, 6)]) == Parts((Text("@other hi"),), mentioned=False)


def test_a_name_without_a_username_is_a_mention_of_its_user() -> None:
    read = parts(text="a 😀Ada b", entities=[entity("text_mention", 2, 5, user={"id": 5, "first_name": "Ada"})])
    assert read == Parts((Text("a "), Mention("5", {"name": "😀Ada"}), Text(" b")), mentioned=False)


@pytest.mark.parametrize(
    ("text", "length", "left", "mentioned"),
    [
        ("/book 3", 5, "/book 3", False),
        ("/book@KAGAMIBOT 3", 15, "/book 3", True),
        ("/book@OtherBot 3", 14, "/book@OtherBot 3", False),
    ],
)
def test_a_command_that_names_the_bot_is_the_plain_command(text: str, length: int, left: str, mentioned: bool) -> None:
    assert parts(text=text, entities=[entity("bot_command", 0, length)]) == Parts((Text(left),), mentioned)


def test_formats_leave_the_text_alone() -> None:
    assert parts(text="a b", entities=[entity("bold", 0, 3), entity("italic", 0, 1)]).message == (Text("a b"),)


@pytest.mark.parametrize(("offset", "length"), [(2, 9), (0, 0), (9, 1)])
def test_an_entity_outside_the_text_leaves_the_text(offset: int, length: int) -> None:
    assert parts(text="@kagami", entities=[entity("mention", offset, length)]).message == (Text("@kagami"),)


def test_an_answer_to_the_bot_mentions_it() -> None:
    quoted = {"message_id": 7, "date": 1, "chat": CHAT, "from": {"id": ME, "is_bot": True}}
    assert parts(text="yes", reply_to_message=quoted) == Parts((Reply("-100/7"), Text("yes")), mentioned=True)


def test_the_beginning_of_a_topic_is_quoted_by_nobody() -> None:
    began = {"message_id": 77, "date": 1, "chat": CHAT, "from": {"id": ME}, "forum_topic_created": {"name": "t"}}
    assert parts(text="yes", reply_to_message=began) == Parts((Text("yes"),), mentioned=False)


def test_of_a_photo_the_largest_size_counts() -> None:
    sizes = [{"file_id": "s", "width": 90}, {"file_id": "l", "width": 1280, "file_size": 5}]
    assert parts(photo=sizes, caption="look").message == (Image("l", extra={"file_id": "l", "size": 5}), Text("look"))


@pytest.mark.parametrize(
    ("fields", "part"),
    [
        ({"voice": {"file_id": "f"}}, Voice("f", extra={"file_id": "f"})),
        ({"video_note": {"file_id": "f"}}, Video("f", extra={"file_id": "f"})),
        ({"document": {"file_id": "f", "file_name": "a.txt"}}, File("f", extra={"file_id": "f", "name": "a.txt"})),
        (
            {"audio": {"file_id": "f", "mime_type": "audio/mpeg"}},
            File("f", extra={"file_id": "f", "mime": "audio/mpeg"}),
        ),
        (
            {"animation": {"file_id": "f"}, "document": {"file_id": "f"}},
            Video("f", extra={"animation": True, "file_id": "f"}),
        ),
        ({"sticker": {"file_id": "f", "emoji": "👍"}}, Image("f", extra={"sticker": "👍", "file_id": "f"})),
        (
            {"sticker": {"file_id": "f", "emoji": "👍", "is_animated": True}},
            Native("sticker", {"file_id": "f", "emoji": "👍"}),
        ),
    ],
)
def test_media_keep_their_kind_and_id(fields: dict[str, Any], part: object) -> None:
    assert parts(**fields).message == (part,)


def test_pictures_of_an_album_name_it() -> None:
    (picture,) = parts(photo=[{"file_id": "f"}], media_group_id="9").message
    assert picture == Image("f", extra={"album": "9", "file_id": "f"})


def test_no_address_of_telegram_is_given_out() -> None:
    (file,) = parts(document={"file_id": "f", "file_path": "documents/f"}).message
    assert isinstance(file, File)
    assert file.url == ""
