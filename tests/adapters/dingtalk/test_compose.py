from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.adapters.dingtalk.compose import (
    LONGEST_TEXT,
    RobotMessage,
    Upload,
    Words,
    compose,
    template_for,
    template_of,
    webhook_body,
)
from kagami.model.message import Message, text
from kagami.model.segment import Face, File, Image, Mention, Native, Reply, Text, Video, Voice

MARKDOWN = Native("markdown", {"title": "Weather", "text": "# Sun\n- 20°"})


@pytest.mark.parametrize(
    ("message", "pieces"),
    [
        (text("a *b* <c>"), [Words("a *b* <c>")]),
        ((), []),
        ((Text(" \n"),), []),
        ((Reply("m1"), Text("yes")), [Words("yes")]),
        ((Mention("u1"), Text("hi")), [Words("@u1 hi", ("u1",))]),
        ((Mention("u1"), Text(" hi")), [Words("@u1 hi", ("u1",))]),
        ((Text("a "), Mention("u1"), Mention("u2"), Text("b")), [Words("a @u1 @u2 b", ("u1", "u2"))]),
        ((Mention("u1"), Mention("u1")), [Words("@u1 @u1", ("u1",))]),
        ((Mention("all"), Text("hi")), [Words("@所有人 hi", (), everybody=True)]),
        ((Text("a"), Face("微笑"), Text("b")), [Words("a[微笑]b")]),
        ((Text("a"), Native("dice", {})), [Words("a[dice]")]),
        ((MARKDOWN,), [Words("# Sun\n- 20°", title="Weather")]),
        ((Native("markdown", {"content": "## *Rain*\nmuch"}),), [Words("## *Rain*\nmuch", title="Rain")]),
        ((Mention("u1"), MARKDOWN), [Words("@u1 # Sun\n- 20°", ("u1",), title="Weather")]),
        ((Text("see"), MARKDOWN, Text("ok")), [Words("see"), Words("# Sun\n- 20°", title="Weather"), Words("ok")]),
        ((Native("markdown", {}),), [Words("[markdown]")]),
    ],
)
def test_words(message: Message, pieces: list[Any]) -> None:
    assert compose(message) == pieces


@pytest.mark.parametrize(
    ("part", "upload"),
    [
        (Image("media:ab.png"), Upload("image", "media:ab.png", "image.png", {})),
        (Image("media:ab.jpg"), Upload("image", "media:ab.jpg", "image.jpg", {})),
        (Image("base64://aaaa"), Upload("image", "base64://aaaa", "image.png", {})),
        (Image("data:image/png;base64,aa"), Upload("image", "data:image/png;base64,aa", "image.png", {})),
        (Image("abc.image", "https://x/y"), Upload("image", "https://x/y", "image.png", {})),
        (Voice("media:ab.ogg"), Upload("voice", "media:ab.ogg", "voice.ogg", {})),
        (Video("media:ab.mp4"), Upload("video", "media:ab.mp4", "video.mp4", {})),
        (
            File("media:ab.bin", extra={"name": "a.pdf"}),
            Upload("file", "media:ab.bin", "a.pdf", {"name": "a.pdf"}),
        ),
        (File("media:ab.bin"), Upload("file", "media:ab.bin", "file.bin", {})),
    ],
)
def test_files(part: Any, upload: Upload) -> None:
    assert compose((Text("a"), part, Text("b"))) == [Words("a"), upload, Words("b")]


BUTTONS = [{"title": "One", "url": "https://1"}, {"title": "Two", "url": "https://2"}]


@pytest.mark.parametrize(
    ("fields", "piece"),
    [
        (
            {"title": "T", "text": "x", "buttons": BUTTONS[:1]},
            RobotMessage(
                "sampleActionCard", {"title": "T", "text": "x", "singleTitle": "One", "singleURL": "https://1"}
            ),
        ),
        (
            {"title": "T", "text": "x", "buttons": BUTTONS},
            RobotMessage(
                "sampleActionCard2",
                {
                    "title": "T",
                    "text": "x",
                    "actionTitle1": "One",
                    "actionURL1": "https://1",
                    "actionTitle2": "Two",
                    "actionURL2": "https://2",
                },
            ),
        ),
        ({"title": "T", "text": "x"}, Words("x", title="T")),
        ({"text": "x", "buttons": "?"}, Words("x", title="x")),
        ({"msgKey": "sampleText", "msgParam": {"content": "x"}}, RobotMessage("sampleText", {"content": "x"})),
        ({}, Words("[card]")),
    ],
)
def test_cards(fields: dict[str, Any], piece: Any) -> None:
    assert compose((Native("card", fields),)) == [piece]


def test_a_shared_address_is_a_link() -> None:
    fields = {"url": "https://x", "title": "X", "content": "what", "image": "https://x/i.png"}
    assert compose((Native("share", fields),)) == [
        RobotMessage(
            "sampleLink", {"title": "X", "text": "what", "picUrl": "https://x/i.png", "messageUrl": "https://x"}
        )
    ]


@given(st.text(min_size=1, max_size=12_000))
def test_a_long_text_goes_out_whole_in_short_pieces(said: str) -> None:
    pieces = [piece for piece in compose(text(said)) if isinstance(piece, Words)]
    assert all(len(piece.text) <= LONGEST_TEXT for piece in pieces)
    assert "".join(piece.text for piece in pieces).split() == said.split()


def test_a_long_text_is_cut_between_lines_and_calls_once() -> None:
    first, second = compose((Mention("u1"), Text("a" * 3000 + "\n" + "b" * 3000)))
    assert isinstance(first, Words)
    assert isinstance(second, Words)
    assert (first.users, second.users) == (("u1",), ())
    assert (first.text, second.text) == (f"@u1 {'a' * 3000}\n", "b" * 3000)


def test_a_webhook_is_told_whom_to_call() -> None:
    words = Words("@u1 @$:LWCP_v1:$x hi", ("u1", "$:LWCP_v1:$x"), everybody=True)
    assert webhook_body(words) == {
        "msgtype": "text",
        "text": {"content": "@u1 @$:LWCP_v1:$x hi"},
        "at": {"atUserIds": ["u1"], "atDingtalkIds": ["$:LWCP_v1:$x"], "isAtAll": True},
    }


def test_markdown_by_both_ways() -> None:
    words = Words("**x**", title="T")
    assert webhook_body(words)["markdown"] == {"title": "T", "text": "**x**"}
    assert template_of(words) == RobotMessage("sampleMarkdown", {"title": "T", "text": "**x**"})
    assert template_of(Words("x")) == RobotMessage("sampleText", {"content": "x"})


@pytest.mark.parametrize(
    ("upload", "cover", "template"),
    [
        (Upload("image", "", "i.png", {}), "", RobotMessage("sampleImageMsg", {"photoURL": "@m"})),
        (
            Upload("voice", "", "v.amr", {"duration": 2500}),
            "",
            RobotMessage("sampleAudio", {"mediaId": "@m", "duration": "2500"}),
        ),
        (Upload("voice", "", "v.amr", {}), "", RobotMessage("sampleAudio", {"mediaId": "@m", "duration": "1000"})),
        (
            Upload("video", "", "v.mp4", {"duration": "9"}),
            "@c",
            RobotMessage(
                "sampleVideo", {"duration": "9", "videoMediaId": "@m", "videoType": "mp4", "picMediaId": "@c"}
            ),
        ),
        (
            Upload("video", "", "v.mp4", {}),
            "",
            RobotMessage("sampleFile", {"mediaId": "@m", "fileName": "v.mp4", "fileType": "mp4"}),
        ),
        (
            Upload("file", "", "README", {}),
            "",
            RobotMessage("sampleFile", {"mediaId": "@m", "fileName": "README", "fileType": "bin"}),
        ),
    ],
)
def test_the_message_of_an_uploaded_file(upload: Upload, cover: str, template: RobotMessage) -> None:
    assert template_for(upload, "@m", cover) == template
