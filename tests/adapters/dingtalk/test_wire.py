from __future__ import annotations

import pytest

from kagami.adapters.dingtalk.wire import Frame, Said


@pytest.mark.parametrize(("value", "told"), [("f1", "f1"), (5, "5"), (None, "")])
def test_a_header_is_text(value: object, told: str) -> None:
    assert Frame("SYSTEM", {"messageId": value}).id == told


def test_a_header_that_is_missing_is_empty() -> None:
    assert Frame("SYSTEM").topic == ""


@pytest.mark.parametrize(
    ("kind", "staff", "chat"),
    [("2", "s1", "group:cid"), ("1", "s1", "private:s1"), ("1", None, "private:opaque")],
)
def test_the_chat_of_a_message(kind: str, staff: str | None, chat: str) -> None:
    assert Said("cid", kind, "m", "text", "opaque", sender_staff_id=staff).chat == chat
