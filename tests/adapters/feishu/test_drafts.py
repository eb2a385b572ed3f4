"""Segments → messages of Feishu."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.feishu.drafts import compose, reply_to
from kagami.adapters.feishu.wire import Draft
from kagami.model.message import Message
from kagami.model.segment import AnySegment, Face, File, Image, Mention, Native, Reply, Text

PICTURE = Draft("image", {"image_key": "img_1"})
FILE = Draft("file", {"file_key": "file_1"})


def post(*lines: list[dict[str, Any]]) -> Draft:
    return Draft("post", {"zh_cn": {"title": "", "content": list(lines)}})


def said(text: str) -> dict[str, Any]:
    return {"tag": "text", "text": text}


@pytest.mark.parametrize(
    ("message", "draft"),
    [
        ((Text("hi 你好\nthere"),), Draft("text", {"text": "hi 你好\nthere"})),
        ((Mention("ou_1"), Text(" hi")), Draft("text", {"text": '<at user_id="ou_1"></at> hi'})),
        ((Mention("all"), Text("hi")), Draft("text", {"text": '<at user_id="all"></at>hi'})),
        ((Mention("10001", {"name": "Zoe"}), Text("hi")), Draft("text", {"text": "@Zoe hi"})),
        ((Text('<at user_id="all"></at>'),), post([said('<at user_id="all"></at>')])),
        ((Text("a &amp; [b](c)\n\n**d**"),), post([said("a &amp; [b](c)")], [said("")], [said("**d**")])),
        ((Face("SMILE"), Text("hi")), post([{"tag": "emotion", "emoji_type": "SMILE"}, said("hi")])),
        ((Face("178"),), post([said("[178]")])),
        ((Native("dice", {}),), post([said("[dice]")])),
        ((Native("card", {"elements": []}),), Draft("interactive", {"elements": []})),
        ((Native("share_chat", {"chat_id": "oc_1"}),), Draft("share_chat", {"chat_id": "oc_1"})),
    ],
)
def test_one_message_is_enough_for_it(message: Message, draft: Draft) -> None:
    assert compose(message, {}) == [draft]


def test_a_picture_alone_is_a_picture() -> None:
    assert compose((Image("x"),), {0: PICTURE}) == [PICTURE]


def test_a_picture_among_words_has_a_line_of_its_own() -> None:
    message = (Text("see "), Image("x"), Image("y"), Text("there"))
    image = {"tag": "img", "image_key": "img_1"}
    assert compose(message, {1: PICTURE, 2: PICTURE}) == [post([said("see ")], [image], [image], [said("there")])]


def test_a_file_and_a_card_stand_between_what_is_said_before_and_after() -> None:
    message = (Text("one"), File("x"), Text("two"), Native("card", {"a": 1}))
    assert [draft.kind for draft in compose(message, {1: FILE})] == ["text", "file", "text", "interactive"]


@pytest.mark.parametrize("message", [(), (Text(""),), (Text(" \n"),), (Reply("om_1"),)])
def test_of_nothing_there_is_no_message(message: Message) -> None:
    assert compose(message, {}) == []


def test_a_reply_is_not_a_part_of_what_is_said() -> None:
    message = (Reply("om_1"), Text("yes"))
    assert (reply_to(message), compose(message, {})) == ("om_1", [Draft("text", {"text": "yes"})])


texts = st.text(st.sampled_from("a<\n飞😀&"), max_size=3000).map(Text)


@given(st.lists(texts | st.sampled_from([Mention("ou_1"), Face("OK")])), st.integers(1, 30))
def test_long_messages_are_cut_within_the_limits_and_nothing_is_lost(parts: list[AnySegment], times: int) -> None:
    message = tuple(parts * times)
    drafts = compose(message, {})
    assert all(len(draft.written.encode()) <= (30 if draft.kind == "post" else 150) * 1024 for draft in drafts)
    if drafts and drafts[0].kind == "post":
        tags = [tag for draft in drafts for line in draft.content["zh_cn"]["content"] for tag in line]
        typed = "".join(part.text for part in message if isinstance(part, Text)).replace("\n", "")
        assert "".join(tag.get("text", "") for tag in tags) == typed
        assert sum(tag["tag"] == "at" for tag in tags) == sum(isinstance(part, Mention) for part in message)
