"""Contents of messages → segments."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.feishu.content import Reader, read_content
from kagami.adapters.feishu.wire import Ids, WireMention
from kagami.model.message import Message, plain_text
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Text, Video, Voice

US = WireMention("@_user_1", Ids("ou_us"), "Mirror")
BOB = WireMention("@_user_2", Ids("ou_bob"), "Bob")
READER = Reader("om_1", {each.key: each for each in (US, BOB)}, "ou_us", "cli_us")
OURS, BOBS = Mention("cli_us", {"name": "Mirror"}), Mention("ou_bob", {"name": "Bob"})


def read(kind: str, content: Any) -> Message:
    return read_content(kind, json.dumps(content), READER)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hi", (Text("hi"),)),
        ("  spaces stay ", (Text("  spaces stay "),)),
        ("@_user_1 /echo hi", (OURS, Text("/echo hi"))),
        ("@_user_1   ", (OURS,)),
        ("@_user_1 @_user_2 hi", (OURS, BOBS, Text("hi"))),
        ("hi @_user_2 there", (Text("hi "), BOBS, Text(" there"))),
        ("@_all read this", (Mention("all"), Text("read this"))),
        ("@_user_9 was typed", (Text("@_user_9 was typed"),)),
        ("", ()),
    ],
)
def test_a_text_with_its_mentions(text: str, parts: Message) -> None:
    assert read("text", {"text": text}) == parts


def test_a_command_behind_a_mention_is_a_command() -> None:
    assert plain_text(read("text", {"text": "@_user_1 /echo hi"})) == "/echo hi"


@pytest.mark.parametrize(
    ("kind", "content", "part"),
    [
        ("image", {"image_key": "img_1"}, Image("om_1/img_1")),
        ("file", {"file_key": "file_1", "file_name": "a.txt"}, File("om_1/file_1", extra={"name": "a.txt"})),
        ("audio", {"file_key": "file_1", "duration": 900}, Voice("om_1/file_1", extra={"duration_ms": 900})),
        (
            "media",
            {"file_key": "file_1", "image_key": "img_1", "file_name": "v.mp4", "duration": 5},
            Video("om_1/file_1", extra={"name": "v.mp4", "duration_ms": 5}),
        ),
        ("sticker", {"file_key": "file_1"}, Native("sticker", {"file_key": "file_1"})),
        ("interactive", {"elements": []}, Native("card", {"elements": []})),
        ("share_chat", {"chat_id": "oc_1"}, Native("share_chat", {"chat_id": "oc_1"})),
        ("share_user", {"user_id": "ou_1"}, Native("share_user", {"user_id": "ou_1"})),
        ("location", {"name": "here"}, Native("location", {"name": "here"})),
        (
            "merge_forward",
            "Merged and Forwarded Message",
            Native("merge_forward", {"text": "Merged and Forwarded Message"}),
        ),
    ],
)
def test_a_message_of_one_part(kind: str, content: Any, part: AnySegment) -> None:
    assert read(kind, content) == (part,)


def test_a_content_that_is_no_json_is_kept_as_text() -> None:
    assert read_content("merge_forward", "Merged and …", READER) == (Native("merge_forward", {"text": "Merged and …"}),)


def test_a_rich_text_becomes_lines_of_parts() -> None:
    post = {
        "title": "News",
        "content": [
            [{"tag": "at", "user_id": "@_user_1"}, {"tag": "text", "text": " see ", "style": ["bold"]}],
            [
                {"tag": "a", "href": "https://a.b", "text": "here"},
                {"tag": "a", "href": "https://a.b", "text": "https://a.b"},
            ],
            [{"tag": "img", "image_key": "img_1"}],
            [{"tag": "media", "file_key": "file_1"}, {"tag": "emotion", "emoji_type": "SMILE"}],
            [{"tag": "code_block", "language": "PYTHON", "text": "x = 1\n"}],
            [{"tag": "hr"}],
            [{"tag": "new", "x": 1}],
        ],
    }
    assert read("post", post) == (
        Text("News\n"),
        OURS,
        Text(" see \nhere (https://a.b)https://a.b\n"),
        Image("om_1/img_1"),
        Text("\n"),
        Video("om_1/file_1"),
        Face("SMILE"),
        Text("\n```python\nx = 1\n```\n---\n"),
        Native("new", {"tag": "new", "x": 1}),
    )


def test_a_command_in_a_rich_text_is_a_command() -> None:
    line = [{"tag": "at", "user_id": "@_user_1", "user_name": "Mirror"}, {"tag": "text", "text": " /echo hi"}]
    assert plain_text(read("post", {"title": "", "content": [line]})) == "/echo hi"


def test_a_user_who_is_mentioned_by_id_is_mentioned() -> None:
    line = [{"tag": "at", "user_id": "ou_carol", "user_name": "Carol"}, {"tag": "at", "user_id": "all"}]
    assert read("post", {"content": [line]}) == (Mention("ou_carol", {"name": "Carol"}), Mention("all"))


def test_before_the_bot_knows_itself_nobody_is_the_bot() -> None:
    stranger = READER._replace(open_id="")
    assert read_content("text", '{"text":"@_user_1 hi"}', stranger)[0] == Mention("ou_us", {"name": "Mirror"})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=15,
)


@given(
    st.sampled_from(["text", "post", "image", "file", "audio", "media", "interactive", "odd"]),
    st.fixed_dictionaries(
        {},
        optional={"text": json_values, "title": json_values, "content": st.lists(st.lists(json_values)) | json_values},
    )
    | json_values,
)
def test_any_content_is_read(kind: str, content: Any) -> None:
    assert isinstance(read(kind, content), tuple)
