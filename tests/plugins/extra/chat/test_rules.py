from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from kagami.plugins.extra.chat.options import ChatSettings
from kagami.plugins.extra.chat.rules import Reason, is_quiet, reason_to_speak

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 1, 1, 23, 30, tzinfo=UTC)


def reason(text: str = "hello", *, now: datetime = NOON, silent: float = 1e9, **given: Any) -> Reason:
    addressed, user, dice = given.pop("addressed", False), given.pop("user", "1"), given.pop("dice", 0.5)
    return reason_to_speak(
        ChatSettings(**given), text, addressed=addressed, user=user, now=now, silent=silent, dice=dice
    )


def test_by_itself_it_is_silent() -> None:
    assert reason(dice=0.0) == ""


def test_who_speaks_to_it_is_answered_at_any_time() -> None:
    assert reason(addressed=True, now=NIGHT, quiet="23:00-07:00", silent=0) == "addressed"


def test_a_keyword_counts_whatever_its_case() -> None:
    assert reason("ask KAGAMI!", keywords=("Kagami",)) == "keyword"
    assert reason("ask", keywords=("Kagami", "")) == ""


@pytest.mark.parametrize(("dice", "expected"), [(0.19, "chance"), (0.2, "")])
def test_chance_is_a_share_of_messages(dice: float, expected: Reason) -> None:
    assert reason(dice=dice, chance=0.2) == expected


@pytest.mark.parametrize("given", [{"chance": 1.0}, {"keywords": ("hello",)}])
def test_unasked_it_is_quiet_at_night_and_after_an_answer(given: dict[str, Any]) -> None:
    assert reason(**given)
    assert reason(now=NIGHT, quiet="23:00-07:00", **given) == ""
    assert reason(silent=59, cooldown=60, **given) == ""


def test_other_bots_get_no_answer_even_when_they_ask() -> None:
    assert reason(addressed=True, user="666", bots=("666",)) == ""


@pytest.mark.parametrize(
    ("hours", "clock", "quiet"),
    [
        ("", "03:00", False),
        ("23:00-07:00", "23:00", True),
        ("23:00-07:00", "06:59", True),
        ("23:00-07:00", "07:00", False),
        ("12:00-14:00", "13:00", True),
        ("12:00-14:00", "14:00", False),
        ("12:00-14:00", "11:59", False),
    ],
)
def test_quiet_hours_may_span_midnight(hours: str, clock: str, quiet: bool) -> None:
    assert is_quiet(hours, datetime.fromisoformat(f"2026-01-01T{clock}+00:00")) is quiet
