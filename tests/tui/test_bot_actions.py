from __future__ import annotations

from kagami.tui.bot_actions import BOT_ACTIONS
from kagami.tui.screens.bots import Bots


def test_the_place_offers_them_and_what_changes_something_asks_for_a_right() -> None:
    assert Bots.ACTIONS is BOT_ACTIONS
    assert Bots.CHANGES
    assert all(each.text for each in BOT_ACTIONS)
    assert [each.id for each in BOT_ACTIONS if each.scope and not each.changes] == []
