from __future__ import annotations

from kagami.tui.chat_actions import CHAT_ACTIONS
from kagami.tui.screens.chats import Chats


def test_the_place_offers_them_and_what_changes_something_asks_for_a_right() -> None:
    assert Chats.ACTIONS is CHAT_ACTIONS
    assert Chats.CHANGES
    assert all(each.text for each in CHAT_ACTIONS)
    assert [each.id for each in CHAT_ACTIONS if each.scope and not each.changes] == []
