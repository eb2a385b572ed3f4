from __future__ import annotations

from kagami.core.pace import ELSEWHERE, Pace, platform_pace


def test_a_narrow_setting_wins_where_it_says_something() -> None:
    assert Pace(chat_per_second=3).over(Pace(account_per_second=7, chat_per_second=9)) == Pace(
        account_per_second=7, chat_per_second=3
    )


def test_zero_is_a_word_of_its_own() -> None:
    assert Pace(account_per_second=0).over(Pace(account_per_second=7)).account_per_second == 0


def test_every_platform_has_a_pace() -> None:
    assert platform_pace("nobody knows it") == ELSEWHERE
    assert platform_pace("sandbox") == Pace(account_per_second=0, chat_per_second=0)
