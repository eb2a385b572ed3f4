from __future__ import annotations

import msgspec
import pytest

from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.ids import BotId, ChatId
from kagami.model.segment import Mention, Text

BOT, CHAT = BotId("qq:1"), ChatId("group:2")

ACTIONS: list[Action] = [
    Send(BOT, CHAT, (Mention("3"), Text("hi"))),
    Delete(BOT, CHAT, "4"),
    Call(BOT, "get_status"),
    Call(BOT, "set_group_ban", {"group_id": 2, "duration": 60}),
]
RECEIPTS: list[Receipt] = [Sent(), Sent("4", {"x": [1]}), Failed("no", "1200"), Unknown("lost")]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_an_action_is_stored_and_restored(action: Action) -> None:
    assert msgspec.json.decode(msgspec.json.encode(action), type=Action) == action


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda receipt: type(receipt).__name__)
def test_a_receipt_is_stored_and_restored(receipt: Receipt) -> None:
    assert msgspec.json.decode(msgspec.json.encode(receipt), type=Receipt) == receipt


def test_a_receipt_is_named_by_its_type() -> None:
    assert msgspec.to_builtins(Failed("no")) == {"type": "failed", "reason": "no"}
