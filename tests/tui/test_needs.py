from __future__ import annotations

from kagami.ports import AlertRow, Notice
from kagami.tui.needs import OVER_MS, standing

NOW = 10_000_000
OFFLINE = "The bot {bot} is not connected: {reason}"


def told(ago_s: int, kind: str = "bot_offline", bot: str = "qq", reason: str = "x", level: str = "error") -> Notice:
    return Notice(NOW - ago_s * 1000, level, kind, OFFLINE, {"bot": bot, "reason": reason})  # type: ignore[arg-type]


def row(bot: str = "qq", reason: str = "y", muted_s: float = 0.0) -> AlertRow:
    return AlertRow(f"bot {bot}", "bot_offline", "error", OFFLINE, {"bot": bot, "reason": reason}, NOW, muted_s)


def shown(lasting: list[AlertRow], *notices: Notice) -> list[tuple[str, str, bool]]:
    found = standing(lasting, notices, NOW)
    return [(each.notice.fields["bot"], each.notice.fields["reason"], each.over) for each in found]


def test_what_lasts_is_there_once_however_its_reason_changes() -> None:
    assert shown([row()], told(500, reason="a"), told(400, reason="b")) == [("qq", "y", False)]


def test_what_is_over_stays_for_ten_minutes_as_over() -> None:
    ended = told(300, "bot_offline_over", level="info")
    assert shown([], told(5_000), ended) == [("qq", "x", True)]
    assert shown([], told(5_000), told(OVER_MS // 1000 + 1, "bot_offline_over", level="info")) == []


def test_what_ended_without_a_word_goes_too() -> None:
    assert shown([], told(60)) == [("qq", "x", True)]
    assert shown([], told(OVER_MS // 1000 + 1)) == []


def test_what_was_told_once_stays_before_what_is_over() -> None:
    found = shown([row("tg")], told(90_000, "dead_letter", "b"), told(60, bot="qq"))
    assert [(bot, over) for bot, _, over in found] == [("tg", False), ("b", False), ("qq", True)]


def test_a_muted_alert_is_not_shown_at_all() -> None:
    assert shown([row(muted_s=5.0)], told(60)) == []
