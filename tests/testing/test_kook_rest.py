from __future__ import annotations

import json
from typing import Any

import pytest

from kagami.testing.kook import CHANNEL, GUILD, USER
from kagami.testing.kook_rest import Nope, Rest


class Home:
    url = "http://k"
    gateway_url = "ws://k/gateway"

    def number(self, prefix: str = "m") -> str:
        return f"{prefix}1"


@pytest.fixture
def rest() -> Rest:
    return Rest(Home())


def card(*modules: Any) -> str:
    return json.dumps([{"type": "card", "modules": modules}])


@pytest.mark.parametrize(
    "change",
    [
        {"target_id": "1"},
        {"type": 8},
        {"type": "9"},
        {"content": " "},
        {"content": 5},
        {"content": "x" * 8001},
        {"quote": "unknown"},
        {"type": 2, "content": "https://elsewhere/a.png"},
        {"type": 10, "content": "no JSON"},
        {"type": 10, "content": "[]"},
        {"type": 10, "content": json.dumps([{"type": "card", "modules": []}] * 6)},
        {"type": 10, "content": card(*[{"type": "divider"}] * 51)},
        {"type": 10, "content": card({"type": "file", "src": "https://elsewhere/a"})},
        {"type": 10, "content": card({"type": "container", "elements": [{"type": "image", "src": "https://x"}]})},
        {"type": 10, "content": card({"type": "section", "text": {"content": "x" * 5001}})},
    ],
)
def test_a_message_that_the_real_one_refuses_is_refused(rest: Rest, change: dict[str, Any]) -> None:
    with pytest.raises(Nope):
        rest.answer("POST", "/message/create", {"target_id": CHANNEL, "type": 9, "content": "hi"} | change)


def test_a_medium_that_was_uploaded_may_be_sent(rest: Rest) -> None:
    url = rest.answer("POST", "/asset/create", {"file": b"x", "name": "a.png"})["url"]
    assert rest.answer("POST", "/message/create", {"target_id": CHANNEL, "type": 2, "content": url})["msg_id"]


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("GET", "/message/create", {}),
        ("POST", "/nothing", {}),
        ("GET", "/user/view", {"user_id": "1"}),
        ("GET", "/channel/list", {"guild_id": "1"}),
        ("GET", "/guild/list", {"page_size": "51"}),
        ("GET", "/gateway/index", {"compress": "0"}),
        ("POST", "/asset/create", {"file": b"x"}),
        ("POST", "/message/delete", {"msg_id": "unknown"}),
        ("POST", "/guild-mute/create", {"guild_id": GUILD, "user_id": USER}),
        ("POST", "/guild/kickout", {"guild_id": GUILD, "target_id": "1"}),
        ("POST", "/message/add-reaction", {"msg_id": "m", "emoji": "x"}),
        ("POST", "/direct-message/create", {"target_id": CHANNEL, "content": "hi"}),
    ],
)
def test_any_other_call_that_the_real_one_refuses_is_refused(
    rest: Rest, method: str, path: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(Nope):
        rest.answer(method, path, fields)
