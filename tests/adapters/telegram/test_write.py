from __future__ import annotations

from typing import Any

import pytest

from kagami.adapters.telegram.write import Medium, MediumKind, Request, write_message
from kagami.errors import Refused
from kagami.model.ids import ChatId
from kagami.model.message import Message, text
from kagami.model.segment import AnySegment, Face, Image, Mention, Native, Reply, Text

CHAT = ChatId("group:-100")
PICTURE = Image("media:x")
BUTTONS = Native("buttons", {"rows": [[{"text": "Yes", "data": "y"}, {"text": "Site", "url": "https://a.b"}]]})


def write(
    *message: AnySegment, kinds: str = "", chat: ChatId = CHAT, names: dict[str, str] | None = None
) -> list[Request]:
    """`kinds` are the first letters of what the pictures of the message are."""
    known: dict[str, MediumKind] = {
        "p": "photo",
        "v": "video",
        "d": "document",
        "o": "voice",
        "s": "sticker",
        "a": "animation",
    }
    places = [place for place, part in enumerate(message) if isinstance(part, Image)]
    media = {place: Medium(known[kind], f"attach://m{place}") for place, kind in zip(places, kinds, strict=True)}
    return write_message(chat, message, media, names or {})


def one(*message: AnySegment, **more: Any) -> dict[str, Any]:
    (request,) = write(*message, **more)
    return request.params


@pytest.mark.parametrize(
    ("chat", "target"),
    [
        ("private:5", {"chat_id": 5}),
        ("group:-100", {"chat_id": -100}),
        ("group:-100/77", {"chat_id": -100, "message_thread_id": 77}),
        ("channel:-100", {"chat_id": -100}),
        ("channel:@news_of_ada", {"chat_id": "@news_of_ada"}),
    ],
)
def test_a_text_goes_to_its_chat_and_topic(chat: str, target: dict[str, Any]) -> None:
    assert write(*text("hi"), chat=ChatId(chat)) == [Request("sendMessage", target | {"text": "hi"})]


@pytest.mark.parametrize("chat", ["group:abc", "guild:5", "5", "group:-100/x", ""])
def test_what_is_no_chat_is_refused(chat: str) -> None:
    with pytest.raises(Refused):
        write(*text("hi"), chat=ChatId(chat))


def test_nothing_in_a_text_is_a_format() -> None:
    assert one(*text("<b>*x*_")) == {"chat_id": -100, "text": "<b>*x*_"}


def test_a_mention_is_a_name_that_leads_to_its_user() -> None:
    found = one(Text("😀 "), Mention("5"), Text(" hi"), names={"5": "Ada"})
    entity = {"type": "text_mention", "offset": 3, "length": 4, "user": {"id": 5, "is_bot": False, "first_name": ""}}
    assert (found["text"], found["entities"]) == ("😀 @Ada hi", [entity])


@pytest.mark.parametrize(
    ("mention", "shown"),
    [
        (Mention("all"), "@all"),
        (Mention("@ada_l"), "@ada_l"),
        (Mention("-100"), "@-100"),
        (Mention("x" * 9), "@xxxxxxxxx"),
    ],
)
def test_what_is_no_user_is_a_name_only(mention: Mention, shown: str) -> None:
    assert one(mention) == {"chat_id": -100, "text": shown}


def test_a_name_that_came_with_the_mention_counts() -> None:
    assert one(Mention("5", {"name": "@Ada"}), names={"5": "other"})["text"] == "@Ada"


def test_a_reply_quotes_in_the_first_request_only() -> None:
    first, second = write(Reply("-100/7"), Text("a" * 4000 + "\n" + "b" * 4000))
    assert first.params["reply_parameters"] == {"message_id": 7, "allow_sending_without_reply": True}
    assert "reply_parameters" not in second.params


def test_a_message_of_another_chat_is_quoted_with_its_chat() -> None:
    assert one(Reply("-200/7"), Text("a"))["reply_parameters"]["chat_id"] == -200


@pytest.mark.parametrize("number", ["7", "", "x/y"])
def test_a_reply_to_what_is_no_message_is_left_out(number: str) -> None:
    assert one(Reply(number), Text("a")) == {"chat_id": -100, "text": "a"}


def test_a_short_text_is_the_caption_of_the_only_picture() -> None:
    assert write(PICTURE, Text("look"), kinds="p") == [
        Request("sendPhoto", {"chat_id": -100, "caption": "look", "photo": "attach://m0"})
    ]


def test_a_long_text_is_a_message_of_its_own() -> None:
    assert [each.method for each in write(Text("x" * 1025), PICTURE, kinds="p")] == ["sendMessage", "sendPhoto"]


def test_several_pictures_are_an_album() -> None:
    (request,) = write(PICTURE, PICTURE, Text("look"), kinds="pv")
    assert request == Request(
        "sendMediaGroup",
        {
            "chat_id": -100,
            "media": [
                {"type": "photo", "media": "attach://m0", "caption": "look"},
                {"type": "video", "media": "attach://m1"},
            ],
        },
    )


def test_an_album_has_ten_pictures_at_most() -> None:
    assert [each.method for each in write(*[PICTURE] * 21, kinds="p" * 21)] == [
        "sendMediaGroup",
        "sendMediaGroup",
        "sendPhoto",
    ]


def test_what_cannot_stand_together_goes_one_after_the_other() -> None:
    found = write(*[PICTURE] * 5, kinds="pdooa")
    assert [each.method for each in found] == ["sendPhoto", "sendDocument", "sendVoice", "sendVoice", "sendAnimation"]


def test_a_sticker_takes_no_caption() -> None:
    assert [each.method for each in write(PICTURE, Text("a"), kinds="s")] == ["sendSticker", "sendMessage"]


def test_texts_and_pictures_keep_their_order() -> None:
    found = write(Text("a"), PICTURE, Text("b"), PICTURE, kinds="pp")
    assert [each.method for each in found] == ["sendMessage", "sendPhoto", "sendMessage", "sendPhoto"]


def test_buttons_are_below_the_last_message() -> None:
    keys = [[{"text": "Yes", "callback_data": "y"}, {"text": "Site", "url": "https://a.b"}]]
    assert one(Text("a"), BUTTONS)["reply_markup"] == {"inline_keyboard": keys}


def test_buttons_of_an_album_are_below_the_text_that_follows_it() -> None:
    album, words = write(PICTURE, PICTURE, Text("choose"), BUTTONS, kinds="pp")
    assert ("reply_markup" in album.params, words.method, words.params["text"]) == (False, "sendMessage", "choose")
    assert words.params["reply_markup"]


def test_buttons_alone_have_a_message() -> None:
    assert one(BUTTONS)["text"] == "…"


@pytest.mark.parametrize(
    "rows",
    [None, "x", [{"text": "a"}], [[{"data": "x"}]], [["x"]], [[{"text": "a", "data": "é" * 33}]]],
)
def test_what_are_no_buttons_is_refused(rows: Any) -> None:
    with pytest.raises(Refused):
        write(Text("a"), Native("buttons", {"rows": rows}))


@pytest.mark.parametrize(("kind", "mode"), [("html", "HTML"), ("markdown", "Markdown"), ("markdownv2", "MarkdownV2")])
def test_formatted_text_names_its_format(kind: str, mode: str) -> None:
    assert one(Native(kind, {"content": "*x*"})) == {"chat_id": -100, "text": "*x*", "parse_mode": mode}


def test_formatted_text_that_is_too_long_goes_as_it_is() -> None:
    assert [each.params.get("parse_mode") for each in write(Native("html", {"content": "x" * 5000}))] == [None, None]


@pytest.mark.parametrize(
    ("part", "shown"), [(Face("14"), "[face 14]"), (Face("😀"), "😀"), (Native("music", {"id": 1}), "[music]")]
)
def test_what_telegram_has_not_is_said_in_words(part: AnySegment, shown: str) -> None:
    assert one(part)["text"] == shown


@pytest.mark.parametrize("message", [(), (Text("  "),), (Reply("-100/7"),), (Native("html", {"content": " "}),)])
def test_a_message_of_nothing_is_refused(message: Message) -> None:
    with pytest.raises(Refused):
        write(*message)
