from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kagami.core.timetable import read_timetable
from kagami.plugins.extra.reminder.days import Impossible
from kagami.plugins.extra.reminder.when import After, At, Every, Found, Vague, find

NOW = datetime(2025, 10, 9, 14, 0)  # noqa: DTZ001 - local time, a Thursday
PIECES = [
    "明天",
    "8点",
    "每",
    "周",
    "一",
    "every",
    "mon",
    "at",
    "20",
    "分钟",
    ":",
    "30",
    "半",
    "cron",
    "*",
    "/",
    "月",
    "号",
    " ",
]


def found(line: str, now: datetime = NOW) -> Found:
    result = find(line, now)
    assert result is not None, line
    return result


@pytest.mark.parametrize(
    ("line", "minutes", "rest"),
    [
        ("20min tea", 20, "tea"),
        ("in 20 minutes to drink tea", 20, "drink tea"),
        ("me in 5min to stretch", 5, "stretch"),
        ("tea in 20min", 20, "tea"),
        ("半小时后关火", 30, "关火"),
        ("20分钟后提醒我关火", 20, "关火"),
        ("喝水 20分钟后", 20, "喝水"),
        ("２０分钟 关火", 20, "关火"),
    ],
)
def test_a_span_counts_from_now(line: str, minutes: int, rest: str) -> None:
    result = found(line)
    assert (result.when, result.rest) == (After(timedelta(minutes=minutes)), rest)


@pytest.mark.parametrize(
    ("line", "moment", "rest"),
    [
        ("18:30 meeting", "2025-10-09 18:30", "meeting"),
        ("１８：３０ 开会", "2025-10-09 18:30", "开会"),
        ("8:00 run", "2025-10-10 08:00", "run"),
        ("明天 8点 起床", "2025-10-10 08:00", "起床"),
        ("明天8点叫我起床", "2025-10-10 08:00", "起床"),
        ("早上8点 起床", "2025-10-10 08:00", "起床"),
        ("今晚8点看球", "2025-10-09 20:00", "看球"),
        ("今天8点 吃药", "2025-10-09 20:00", "吃药"),
        ("3点 吃药", "2025-10-09 15:00", "吃药"),
        ("晚上12点半 睡觉", "2025-10-10 00:30", "睡觉"),
        ("凌晨2点 看球", "2025-10-10 02:00", "看球"),
        ("中午 吃饭", "2025-10-10 12:00", "吃饭"),
        ("周五下午三点开会", "2025-10-10 15:00", "开会"),
        ("周四 9:00 周会", "2025-10-16 09:00", "周会"),
        ("周四 15:00 周会", "2025-10-09 15:00", "周会"),
        ("下周一 9点 开会", "2025-10-13 09:00", "开会"),
        ("3月1日 10:00 交房租", "2026-03-01 10:00", "交房租"),
        ("8pm tomorrow dinner", "2025-10-10 20:00", "dinner"),
        ("at 6pm on friday dinner", "2025-10-10 18:00", "dinner"),
        ("tonight at 9 movie", "2025-10-09 21:00", "movie"),
        ("buy milk tomorrow at 8am", "2025-10-10 08:00", "buy milk"),
        ("me to buy milk at 18:30", "2025-10-09 18:30", "buy milk"),
    ],
)
def test_a_moment_is_the_next_that_fits(line: str, moment: str, rest: str) -> None:
    result = found(line)
    assert (result.when, result.rest) == (At((datetime.fromisoformat(moment),)), rest)


def test_an_hour_that_may_be_the_evenings_leaves_two_moments() -> None:
    evening, morning = datetime.fromisoformat("2025-10-09 20:00"), datetime.fromisoformat("2025-10-10 08:00")
    assert found("8点 起床").when == At((evening, morning))


def test_an_hour_of_this_morning_that_is_to_come_needs_no_question() -> None:
    assert found("8点 起床", NOW.replace(hour=6)).when == At((NOW.replace(hour=8),))


@pytest.mark.parametrize(
    ("line", "timetable", "rest"),
    [
        ("每天 8:00 喝水", "0 8 * * *", "喝水"),
        ("每天早上八点半喝水", "30 8 * * *", "喝水"),
        ("每晚10点 睡觉", "0 22 * * *", "睡觉"),
        ("工作日 9:00 打卡", "0 9 * * 1-5", "打卡"),
        ("每周末 10点 打扫", "0 10 * * 0,6", "打扫"),
        ("每周一三五 7点 跑步", "0 7 * * 1,3,5", "跑步"),
        ("每周一到周五 9:00 打卡", "0 9 * * 1,2,3,4,5", "打卡"),
        ("每个月1号 10点 房租", "0 10 1 * *", "房租"),
        ("每年3月1日 8:00 生日", "0 8 1 3 *", "生日"),
        ("every day at 8am drink", "0 8 * * *", "drink"),
        ("every monday 9:00 report", "0 9 * * 1", "report"),
        ("every mon, wed and fri at 8pm gym", "0 20 * * 1,3,5", "gym"),
        ("weekdays 9:30 standup", "30 9 * * 1-5", "standup"),
        ("report every monday 9:00", "0 9 * * 1", "report"),
        ("every 2 hours stretch", "every 120min", "stretch"),
        ("每半小时 喝水", "every 30min", "喝水"),
        ("每小时 喝水", "every 60min", "喝水"),
        ('cron "0 8 * * *" water', "0 8 * * *", "water"),
        ("cron 0 8 * * 1-5 water", "0 8 * * 1-5", "water"),
        ("cron @daily water", "@daily", "water"),
    ],
)
def test_what_comes_again_is_a_timetable(line: str, timetable: str, rest: str) -> None:
    result = found(line)
    assert isinstance(result.when, Every)
    assert (result.when.timetable, result.rest) == (timetable, rest)


@pytest.mark.parametrize(
    ("line", "minutes"),
    [
        ('cron "* * * * *" x', 1),
        ('cron "*/10 * * * *" x', 10),
        ('cron "0,5,30 * * * *" x', 5),
        ('cron "0-9 * * * *" x', 1),
        ('cron "0 8 * * *" x', 60),
        ("每2小时 x", 120),
    ],
)
def test_a_timetable_knows_how_often_it_rings(line: str, minutes: int) -> None:
    when = found(line).when
    assert isinstance(when, Every)
    assert when.gap == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("line", "spoken", "rest"),
    [
        ("明天 起床", "明天", "起床"),
        ("每晚 睡觉", "每晚", "睡觉"),
        ("每天 喝水", "每天", "喝水"),
        ("buy milk tomorrow", "tomorrow", "buy milk"),
        ("明天 早点睡", "明天", "早点睡"),
    ],
)
def test_a_day_without_a_time_is_vague(line: str, spoken: str, rest: str) -> None:
    assert found(line) == Found(Vague(), spoken, rest)


@pytest.mark.parametrize("line", ["tea", "", "起床", "remind", "a day off", "score 3"])
def test_a_line_without_a_time_is_none(line: str) -> None:
    assert find(line, NOW) is None


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("25:99 meeting", "nonsense"),
        ("2月30日 8:00 x", "nonsense"),
        ("0min x", "nonsense"),
        ("今天 8:00 吃药", "past"),
        ("2019-01-01 8:00 x", "past"),
        ("99999周 x", "far"),
        ("2125-01-01 8:00 x", "far"),
        ("每月32号 8:00 x", "nonsense"),
        ("每周五到周一 8:00 x", "nonsense"),
    ],
)
def test_a_time_that_cannot_be_is_impossible(line: str, reason: str) -> None:
    with pytest.raises(Impossible, match=reason):
        find(line, NOW)


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from(PIECES), max_size=8).map("".join)))
def test_whatever_is_written_is_read_or_refused_in_good_order(line: str) -> None:
    with suppress(Impossible):
        result = find(line, NOW)
        if result is not None and isinstance(result.when, Every) and "cron" not in result.spoken.lower():
            read_timetable(result.when.timetable)
