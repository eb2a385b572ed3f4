from __future__ import annotations

from typing import get_args

import pytest

from kagami.ports import BotState
from kagami.tui import accounts
from kagami.tui.widgets.painted import Painted
from tests.tui.engine import bot, house
from tests.tui.stand import Stand

STATES: tuple[BotState, ...] = get_args(BotState)


@pytest.fixture
def stand() -> Stand:
    return Stand(Painted, "full")


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_sign_a_word_and_a_row(stand: Stand, state: BotState) -> None:
    one = bot("a", "qq:1", "napcat", state, reconnects=3)
    sign, _, word = accounts.state_span(stand, one).text.partition(" ")
    assert sign in "●◐○✗"
    assert word
    assert len(accounts.row(stand, one).cells) == len(accounts.COLUMNS)


def test_reconnects_are_counted(stand: Stand) -> None:
    assert accounts.state_span(stand, bot("a", "qq:1", "x", "backoff", reconnects=3)).text == "◐ reconnect 3"


def test_troubles_come_first_and_then_names() -> None:
    names = [each.name for each in accounts.ordered(house())]
    assert names == ["qq-2", "ding-ops", "tg-mirror", "kook-jp", "shiori", "wx-helper", "小镜", "feishu-hr"]


@pytest.mark.parametrize(("ident", "adapter", "text"), [("qq:1", "napcat", "qq/napcat"), ("kook:1", "kook", "kook")])
def test_a_platform_is_not_named_twice(ident: str, adapter: str, text: str) -> None:
    assert accounts.platform(bot("a", ident, adapter, "online")) == text


def test_errors_are_a_share_of_what_was_tried() -> None:
    assert accounts.errors_percent(bot("a", "qq:1", "x", "online")) is None
    assert accounts.errors_percent(bot("a", "qq:1", "x", "online", sent=99, failed=1)) == 1.0


def test_a_stopped_bot_counts_no_time(stand: Stand) -> None:
    assert accounts.since(stand, bot("a", "qq:1", "x", "stopped", since_s=9)) == "-"
    assert accounts.since(stand, bot("a", "qq:1", "x", "online", since_s=9)) == "9s"


def test_the_card_has_the_reason(stand: Stand) -> None:
    card = dict(accounts.card(stand, house()[-1]))
    assert card["why"].text == "the peer refuses our token"
    assert card["account"].text == "10003000"
