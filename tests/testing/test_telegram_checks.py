from __future__ import annotations

from typing import Any

import pytest

from kagami.testing.telegram_checks import Call, Refusal, check_send, file_of

CHAT = 5
KNOWN = {(CHAT, 7)}


def send(method: str = "sendMessage", *, files: dict[str, bytes] | None = None, **params: Any) -> list[dict[str, Any]]:
    return check_send(Call(method, params, files or {}), KNOWN, CHAT)


def refusal(method: str = "sendMessage", **params: Any) -> str:
    with pytest.raises(Refusal) as caught:
        send(method, **params)
    return caught.value.description


@pytest.mark.parametrize(
    ("text", "mode", "shown"),
    [
        ("<b>", "", "<b>"),
        ("<b>a</b> &amp; b", "HTML", "a & b"),
        ("*a* \\* b", "MarkdownV2", "a * b"),
        (" a ", "", "a"),
    ],
)
def test_a_text_is_kept_as_people_see_it(text: str, mode: str, shown: str) -> None:
    assert send(text=text, parse_mode=mode)[0]["text"] == shown


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"text": " "}, "message text is empty"),
        ({"text": "😀" * 2049}, "message is too long"),
        ({"photo": "id", "caption": "x" * 1025}, "message caption is too long"),
        ({"text": "<b>a", "parse_mode": "HTML"}, "can't parse entities"),
        ({"text": "<x>a</x>", "parse_mode": "HTML"}, "Unsupported start tag"),
        ({"text": "a*", "parse_mode": "Markdown"}, "can't parse entities"),
        ({"text": "a", "parse_mode": "BBCode"}, "unsupported parse_mode"),
        ({"text": "a", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "ENTITY_BOUNDS_INVALID"),
        ({"text": "a", "reply_parameters": {"message_id": 8}}, "replied not found"),
        ({"photo": "attach://m0"}, "file must be non-empty"),
        ({"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a"}]]}}, "unallowed"),
        (
            {"text": "a", "reply_markup": {"inline_keyboard": [[{"text": "a", "callback_data": "x" * 65}]]}},
            "BUTTON_DATA_INVALID",
        ),
    ],
)
def test_what_the_real_one_refuses_is_refused(params: dict[str, Any], why: str) -> None:
    assert why in refusal(**params)


@pytest.mark.parametrize("quoted", [{"message_id": 7}, {"message_id": 8, "allow_sending_without_reply": True}])
def test_a_reply_needs_its_message_unless_it_may_do_without(quoted: dict[str, Any]) -> None:
    assert send(text="a", reply_parameters=quoted)


def test_an_album_has_two_to_ten_of_one_family() -> None:
    photo, file = {"type": "photo", "media": "id"}, {"type": "document", "media": "id"}
    assert len(send("sendMediaGroup", media=[photo, photo])) == 2
    assert "2-10" in refusal("sendMediaGroup", media=[photo])
    assert "2-10" in refusal("sendMediaGroup", media=[photo] * 11)
    assert "mixed" in refusal("sendMediaGroup", media=[photo, file])


def test_a_file_is_what_came_with_the_call_or_what_is_known() -> None:
    call = Call("sendPhoto", {"photo": "attach://m0"}, {"m0": b"a"})
    assert (file_of(call, "attach://m0", {}), file_of(call, "id", {"id": b"b"})) == (b"a", b"b")
    with pytest.raises(Refusal):
        file_of(call, "unknown", {})
