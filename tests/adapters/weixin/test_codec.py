"""Vectors of the protocol, and what becomes of messages both ways."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.weixin import codec
from kagami.adapters.weixin.codec import (
    APP_HEADERS,
    Attachment,
    Place,
    Read,
    Words,
    chunks,
    client_version,
    key_field,
    media_item,
    message_body,
    place_of,
    post_headers,
    read_key,
    read_message,
    read_place,
    sealed_size,
    upload_body,
    waiting,
    with_files,
    without_secrets,
    write_pieces,
    write_place,
)
from kagami.adapters.weixin.wire import Medium
from kagami.errors import Refused, WireError
from kagami.model.ids import BotId, ExecutionId
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text, Video, Voice

KEY = bytes(range(16))
HEX_FIELD = "MDAwMTAyMDMwNDA1MDYwNzA4MDkwYTBiMGMwZDBlMGY="
RAW_FIELD = "AAECAwQFBgcICQoLDA0ODw=="
MEDIA = {"encrypt_query_param": "p+/=", "aes_key": HEX_FIELD, "encrypt_type": 1}
PLACE = Place("", "p+/=", KEY.hex())
BOT = BotId("weixin:b@im.bot")


def frame(*items: dict[str, Any], **more: Any) -> bytes:
    told = {
        "seq": 3,
        "message_id": 7450000000000000001,
        "from_user_id": "u@im.wechat",
        "to_user_id": "b@im.bot",
        "create_time_ms": 1_700_000_000_123,
        "message_type": 1,
        "message_state": 2,
        "item_list": list(items),
        "context_token": "s3cret-context",
    }
    return json.dumps(told | more).encode()


def read(raw: bytes) -> Read | None:
    return read_message(raw, bot=BOT, execution=ExecutionId("x"), now_ms=5)


def event_of(raw: bytes) -> Any:
    told = read(raw)
    assert told is not None
    return told.event


def parts(*items: dict[str, Any]) -> Message:
    message: Message = event_of(frame(*items)).message
    return message


# --- headers and keys ---


def test_the_version_is_one_number() -> None:
    assert (client_version("2.4.9"), APP_HEADERS["iLink-App-ClientVersion"]) == (132105, "132105")


def test_a_post_carries_a_number_of_its_own_and_the_token() -> None:
    headers = post_headers("t", 3405691582)
    assert (headers["X-WECHAT-UIN"], headers["Authorization"]) == ("MzQwNTY5MTU4Mg==", "Bearer t")


def test_without_a_token_nothing_is_authorized() -> None:
    assert "Authorization" not in post_headers("", 1)


def test_a_key_is_written_as_base64_of_its_hex() -> None:
    assert key_field(KEY) == HEX_FIELD


@pytest.mark.parametrize("text", [HEX_FIELD, RAW_FIELD, KEY.hex(), KEY.hex().upper()])
def test_a_key_is_read_in_every_spelling(text: str) -> None:
    assert read_key(text) == KEY.hex()


@pytest.mark.parametrize("text", ["x", "AAEC", "zz" * 16, "Zm9v" * 8])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(WireError):
        read_key(text)


@given(st.binary(min_size=16, max_size=16))
def test_every_key_comes_back(key: bytes) -> None:
    assert read_key(key_field(key)) == key.hex()


def test_the_key_of_a_picture_comes_before_that_of_its_medium() -> None:
    assert place_of(Medium("p", RAW_FIELD), "ff" * 16) == Place("", "p", "ff" * 16)


@given(st.builds(Place, st.text(), st.text(), st.sampled_from(["", KEY.hex()])))
def test_a_place_comes_back_from_its_name(place: Place) -> None:
    assert read_place(write_place(place)) == place


@pytest.mark.parametrize("name", ["ilink:", "ilink:???", "ilink:eyJ9", write_place(Place("", "p", "zz"))])
def test_what_names_no_place_is_refused(name: str) -> None:
    with pytest.raises(Refused):
        read_place(name)


@given(st.integers(0, 10**9))
def test_there_is_always_padding(size: int) -> None:
    assert 0 < sealed_size(size) - size <= 16
    assert sealed_size(size) % 16 == 0


# --- messages that come ---


def test_a_text_is_a_private_message_to_the_bot() -> None:
    event = event_of(frame({"type": 1, "text_item": {"text": "hello"}}))
    assert (event.name, event.chat, event.user, event.mentioned) == (
        "private",
        "private:u@im.wechat",
        "u@im.wechat",
        True,
    )
    assert (event.message, event.message_id, event.dedupe, event.time_ms) == (
        (Text("hello"),),
        "7450000000000000001",
        "m:7450000000000000001",
        1_700_000_000_123,
    )


def test_the_newest_token_comes_with_it_and_is_not_in_the_event() -> None:
    told = read(frame({"type": 2, "image_item": {"media": MEDIA, "aeskey": KEY.hex()}}))
    assert told is not None
    assert told.token == "s3cret-context"
    assert "s3cret-context" not in told.event.native
    assert KEY.hex() not in told.event.native
    assert HEX_FIELD not in told.event.native


def test_a_message_of_a_group_is_of_that_group() -> None:
    event = event_of(frame({"type": 1, "text_item": {"text": "x"}}, group_id="g1"))
    assert (event.name, event.chat, event.mentioned) == ("group", "group:g1", False)


def test_what_the_bot_said_itself_is_nothing() -> None:
    assert read(frame(message_type=2)) is None


@pytest.mark.parametrize(
    ("more", "dedupe"),
    [
        ({"message_id": None}, "s:3"),
        ({"message_id": 0, "seq": 0, "client_id": "c1"}, "c:c1"),
        ({"message_id": "77"}, "m:77"),
    ],
)
def test_a_message_is_known_by_the_best_name_that_it_has(more: dict[str, Any], dedupe: str) -> None:
    assert event_of(frame(**more)).dedupe == dedupe


def test_one_without_any_name_is_known_by_its_content() -> None:
    names = {event_of(frame(message_id=0, seq=0, create_time_ms=time)).dedupe for time in (1, 1, 2)}
    assert len(names) == 2
    assert all(name.startswith("h:") for name in names)


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"type": 2, "image_item": {"media": MEDIA}}, [Image(write_place(PLACE))]),
        (
            {"type": 3, "voice_item": {"media": MEDIA, "playtime": 1200, "text": "call me"}},
            [Voice(write_place(PLACE), extra={"playtime": 1200}), Text("call me")],
        ),
        ({"type": 3, "voice_item": {"text": "only words"}}, [Text("only words")]),
        (
            {"type": 4, "file_item": {"media": MEDIA, "file_name": "a.pdf", "len": "12"}},
            [File(write_place(PLACE), extra={"name": "a.pdf", "size": "12"})],
        ),
        (
            {"type": 5, "video_item": {"media": MEDIA, "play_length": 3}},
            [Video(write_place(PLACE), extra={"play_length": 3})],
        ),
        ({"type": 1, "text_item": {"text": ""}}, []),
        (
            {"type": 1, "ref_msg": {"svr_id": 9, "title": "before"}, "text_item": {"text": "yes"}},
            [Reply("9", {"title": "before"}), Text("yes")],
        ),
        (
            {"type": 1, "ref_msg": {"message_item": {"msg_id": "8"}}, "text_item": {"text": "y"}},
            [Reply("8"), Text("y")],
        ),
        (
            {"type": 1, "ref_msg": {"title": "t"}, "text_item": {"text": "y"}},
            [Native("quote", {"title": "t"}), Text("y")],
        ),
        ({"type": 11, "card": {"aes_key": "k", "x": 1}}, [Native("item_11", {"type": 11, "card": {"x": 1}})]),
        ({"type": 2, "image_item": {}}, [Native("item_2", {"type": 2, "image_item": {}})]),
    ],
)
def test_items_are_parts(item: dict[str, Any], expected: list[AnySegment]) -> None:
    assert list(parts(item)) == expected


def test_several_items_keep_their_order() -> None:
    message = parts({"type": 2, "image_item": {"media": MEDIA}}, {"type": 1, "text_item": {"text": "look"}})
    assert [type(part) for part in message] == [Image, Text]


@pytest.mark.parametrize("raw", [b"{", b"[]", frame(from_user_id=""), frame({"type": "x"})])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(WireError):
        read(raw)


@given(st.dictionaries(st.sampled_from(["seq", "message_id", "from_user_id", "item_list", "message_type"]), st.none()))
def test_null_fields_are_as_missing_ones(more: dict[str, Any]) -> None:
    try:
        read(frame(**more))
    except WireError:
        assert "from_user_id" in more


def test_kept_files_take_the_place_of_their_names() -> None:
    event = event_of(frame({"type": 2, "image_item": {"media": MEDIA}}, {"type": 1, "text_item": {"text": "x"}}))
    (name,) = waiting(event.message)
    assert with_files(event, {name: "media:1.png"}).message == (Image("media:1.png"), Text("x"))
    assert with_files(event, {}).message == event.message


# --- messages that go ---


def test_texts_are_joined_and_files_go_alone_in_their_order() -> None:
    message: Message = (Text("a"), Mention("u"), Text("b"), Image("media:1.png"), Text("c"))
    assert write_pieces(message) == [Words("a@u b"), Attachment("image", "media:1.png", "1.png"), Words("c")]


def test_what_has_no_word_is_told_in_text_and_quotes_are_left_out() -> None:
    assert write_pieces((Reply("1"), Face("14"), Native("json"))) == [Words("[face][json]")]


def test_a_voice_goes_as_a_file() -> None:
    assert write_pieces((Voice("media:1.amr"),)) == [Attachment("file", "media:1.amr", "1.amr")]


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (
            Video("https://a.example/x/clip.mp4?t=1"),
            Attachment("video", "https://a.example/x/clip.mp4?t=1", "clip.mp4"),
        ),
        (File("base64://AAAA", extra={"name": "a/b\n.txt"}), Attachment("file", "base64://AAAA", "a_b_.txt")),
        (File("data:,x"), Attachment("file", "data:,x", "file")),
        (Image("abc.image", "https://a.example/i"), Attachment("image", "https://a.example/i", "i")),
    ],
)
def test_a_file_has_a_source_and_a_name(part: AnySegment, expected: Attachment) -> None:
    assert write_pieces((part,)) == [expected]


@pytest.mark.parametrize("message", [(), (Text(""),), (Text(" \n"),), (Reply("1"),)])
def test_nothing_to_show_is_nothing_to_send(message: Message) -> None:
    assert write_pieces(message) == []


@given(st.text(alphabet="ab \n", max_size=60))
def test_chunks_lose_nothing_and_are_short_enough(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(codec, "LONGEST_TEXT", 10)
        found = list(chunks(text))
    assert "".join(found) == text
    assert all(0 < len(each) <= 10 for each in found)


def test_a_long_text_is_cut_at_a_line() -> None:
    assert [len(each) for each in chunks("a" * 3_000 + "\n" + "b" * 3_000)] == [3_001, 3_000]


def test_a_message_is_a_bots_finished_one_with_one_item() -> None:
    told = message_body("u", {"type": 1}, client_id="c", token="t")["msg"]
    assert (told["message_type"], told["message_state"], told["item_list"], told["client_id"]) == (
        2,
        2,
        [{"type": 1}],
        "c",
    )
    assert told["context_token"] == "t"
    assert "context_token" not in message_body("u", {}, client_id="c", token="")["msg"]


@pytest.mark.parametrize(
    ("kind", "number", "field", "more"),
    [
        ("image", 2, "image_item", {"mid_size": 16}),
        ("video", 5, "video_item", {"video_size": 16}),
        ("file", 4, "file_item", {"file_name": "n", "len": "5"}),
    ],
)
def test_a_medium_says_its_size_as_its_kind_wants_it(
    kind: codec.MediaKind, number: int, field: str, more: dict[str, Any]
) -> None:
    item = media_item(kind, "p", KEY, size=5, sealed=16, name="n")
    media = {"encrypt_query_param": "p", "aes_key": HEX_FIELD, "encrypt_type": 1}
    assert item == {"type": number, field: {"media": media, **more}}


def test_an_upload_is_announced_with_both_sizes_and_its_sum() -> None:
    told = upload_body("u", "image", b"hello", key=KEY, name="f" * 32)
    assert (told["rawsize"], told["filesize"], told["rawfilemd5"]) == (5, 16, "5d41402abc4b2a76b9719d911017c592")
    assert (told["media_type"], told["aeskey"], told["no_need_thumb"]) == (1, KEY.hex(), True)


def test_the_agent_is_within_what_the_platform_takes() -> None:
    assert len(codec.BASE_INFO["bot_agent"]) <= 256
    assert msgspec.json.encode(codec.BASE_INFO).isascii()


def test_what_no_later_reader_should_meet_is_refused() -> None:
    deep = b'{"from_user_id":"u","x":%s}' % (b"[" * 100_000 + b"]" * 100_000)
    with pytest.raises(WireError):
        read_message(deep, bot=BOT, execution=ExecutionId("e"), now_ms=1)


def test_a_message_that_cannot_be_read_shows_nothing_of_itself() -> None:
    assert without_secrets(b'{"context_token":"s3cret"') == b""
