from __future__ import annotations

from typing import get_args

import pytest

from kagami.ports import BotState
from kagami.tui import accounts
from kagami.tui.widgets.painted import Painted, Span
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


@pytest.mark.parametrize(
    ("adapter", "state", "step"),
    [
        ("napcat", "auth_failed", "l logs in; e changes its address or token"),
        ("weixin", "auth_failed", "l logs in; e changes its address or token"),
        ("telegram", "auth_failed", "e changes its token or keys, T tries them"),
        ("kook", "stopped", "x connects it again"),
        ("kook", "online", ""),
    ],
)
def test_the_next_step_is_named(stand: Stand, adapter: str, state: BotState, step: str) -> None:
    one = bot("a", "qq:1", adapter, state)
    assert accounts.next_step(one) == step
    assert dict(accounts.card(stand, one)).get("next step", Span("")).text == step


def test_whoever_can_log_in_needs_that_and_no_token(stand: Stand) -> None:
    assert accounts.state_span(stand, bot("a", "qq:1", "napcat", "auth_failed")).text == "✗ needs login"
    assert accounts.state_span(stand, bot("a", "tg:1", "telegram", "auth_failed")).text == "✗ token refused"


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
