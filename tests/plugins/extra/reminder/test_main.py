"""Time is a `FakeClock` that begins on Thursday, 2025-10-09, at 08:53:20."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kagami.model.action import Failed, Send
from kagami.model.message import Message
from kagami.model.segment import Mention, Reply, Text
from kagami.plugins.extra import reminder
from kagami.plugins.extra.reminder.main import plugin
from kagami.testing.chat import PluginChat, chat_with
from kagami.testing.clock import FakeClock

ENGLISH = {"language": "en"}


@pytest.fixture
async def chat(request: pytest.FixtureRequest) -> AsyncIterator[PluginChat]:
    """Settings other than English are given by `@pytest.mark.parametrize("chat", [{…}], indirect=True)`."""
    given: dict[str, Any] = ENGLISH | (request.param if "param" in vars(request) else {})
    async with chat_with(plugin, clock=FakeClock(), settings=given) as chat:
        yield chat
        await chat.finished()
        chat.assert_no_leaks()


async def answer(chat: PluginChat, line: str | Message, /, **how: Any) -> str:
    await chat.says(line, **how)
    return await chat.hears()


async def test_a_reminder_rings_when_its_time_has_come(chat: PluginChat) -> None:
    assert await answer(chat, "/remind 20min tea") == "All right, today 09:13: tea"
    await chat.advance(minutes=19)
    assert chat.silent
    await chat.advance(minutes=1)
    assert (await chat.hears()).startswith("⏰ tea")


@pytest.mark.parametrize("chat", [{"language": "zh"}], indirect=True)
async def test_it_speaks_chinese(chat: PluginChat) -> None:
    assert await answer(chat, "/提醒我明天8点起床") == "好，明天 08:00 叫你：起床"
    await chat.advance(days=1)
    assert (await chat.hears()).startswith("⏰ 起床")


async def test_in_a_group_the_user_is_mentioned(chat: PluginChat) -> None:
    await answer(chat, "/remind 5min homework", chat="group:7")
    await chat.advance(minutes=5)
    rung = await chat.receives()
    assert isinstance(rung, Send)
    assert (rung.chat, rung.message[0]) == ("group:7", Mention("10001"))


async def test_a_reminder_survives_a_restart(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    await chat.restart()
    await chat.advance(minutes=20)
    assert (await chat.hears()).startswith("⏰ tea")


async def test_a_regular_one_rings_again_and_again(chat: PluginChat) -> None:
    assert await answer(chat, "/remind every day 9:00 water") == (
        "All right, every day 9:00: water\nThe first time is today 09:00."
    )
    for _ in range(3):
        await chat.advance(days=1)
        assert (await chat.hears()).startswith("⏰ water")


async def test_nothing_at_all_is_asked_for(chat: PluginChat) -> None:
    assert "What should I remind you of?" in await answer(chat, "/remind")
    assert await answer(chat, "20min tea") == "All right, today 09:13: tea"


async def test_a_missing_text_is_asked_for(chat: PluginChat) -> None:
    assert await answer(chat, "/remind 20min") == "20min: what should I remind you of?"
    assert await answer(chat, "tea") == "All right, today 09:13: tea"


async def test_a_missing_time_is_asked_for_until_it_is_clear(chat: PluginChat) -> None:
    assert (await answer(chat, "/remind tea")).startswith("When should I remind you of “tea”?")
    assert (await answer(chat, "dunno")).startswith("I can't read that as a time.")
    assert await answer(chat, "tomorrow") == "At what time tomorrow?"
    assert await answer(chat, "8am") == "All right, tomorrow 08:00: tea"


async def test_who_does_not_say_when_gets_no_reminder(chat: PluginChat) -> None:
    await answer(chat, "/remind tea")
    for _ in range(2):
        await answer(chat, "dunno")
    assert await answer(chat, "dunno") == "I still don't know when, so I leave it."
    assert "no reminders" in await answer(chat, "/reminders")


async def test_a_day_that_was_named_keeps_its_place_in_the_question(chat: PluginChat) -> None:
    assert await answer(chat, "/remind buy milk tomorrow") == "At what time tomorrow?"
    assert await answer(chat, "8am") == "All right, tomorrow 08:00: buy milk"


async def test_an_hour_of_either_half_of_the_day_is_asked_about(chat: PluginChat) -> None:
    assert await answer(chat, "/remind at 8 call mum") == ("Which one is “at 8”?\n1. today 20:00\n2. tomorrow 08:00")
    assert await answer(chat, "2") == "All right, tomorrow 08:00: call mum"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("/remind 25:99 meeting", "There is no such time."),
        ("/remind today 8:00 run", "That time is over already."),
        ("/remind 99999 weeks run", "That is too far away"),
        ('/remind cron "99 8 * * *" run', "That is no cron line"),
    ],
)
async def test_what_cannot_be_is_explained_with_examples(chat: PluginChat, line: str, reason: str) -> None:
    told = await answer(chat, line)
    assert told.startswith(reason)
    assert "/remind 20min tea" in told


async def test_a_reminder_must_not_ring_too_often(chat: PluginChat) -> None:
    assert (await answer(chat, '/remind cron "* * * * *" spam')).startswith("That is too often")


@pytest.mark.parametrize("chat", [{"longest": 5}], indirect=True)
async def test_a_text_may_be_too_long(chat: PluginChat) -> None:
    assert await answer(chat, "/remind 20min 123456") == "That is too long: at most 5 characters."


@pytest.mark.parametrize("chat", [{"most": 2}], indirect=True)
async def test_the_limit_counts_all_chats_of_a_user_and_nobody_elses(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    await answer(chat, "/remind 20min tea", chat="group:1")
    assert (await answer(chat, "/remind 20min tea", chat="group:2")).startswith("You have 2 reminders already")
    assert (await answer(chat, "/remind 20min tea", user="2", chat="group:2")).startswith("All right")


async def test_reminders_are_listed_the_next_one_first(chat: PluginChat) -> None:
    await answer(chat, "/remind tomorrow 8am get up")
    await answer(chat, "/remind every monday 9:00 report")
    await answer(chat, "/remind 20min tea")
    assert await answer(chat, "/reminders") == (
        "Your reminders:\n1. today 09:13  tea\n2. tomorrow 08:00  get up\n"
        "3. every monday 9:00  report (next: Mon 13 Oct 09:00)"
    )


async def test_a_group_sees_only_what_was_set_in_it(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min a secret")
    await answer(chat, "/remind 30min tea", chat="group:7")
    assert await answer(chat, "/reminders", chat="group:7") == "Your reminders:\n1. today 09:23  tea"
    assert await answer(chat, "/reminders") == (
        "Your reminders:\n1. today 09:13  a secret\n2. today 09:23  tea (in group 7)"
    )


async def test_a_forgotten_reminder_does_not_ring(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    await answer(chat, "/remind 30min milk")
    assert await answer(chat, "/forget 1") == "Forget “tea”? (yes/no)"
    assert await answer(chat, "yes") == "Forgotten."
    await chat.advance(hours=1)
    assert (await chat.hears()).startswith("⏰ milk")
    assert chat.silent


async def test_without_a_number_one_may_choose(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    await answer(chat, "/remind 30min milk")
    assert await answer(chat, "/forget") == "Which one should I forget?\n1. today 09:13  tea\n2. today 09:23  milk"
    assert await answer(chat, "2") == "Forget “milk”? (yes/no)"
    assert await answer(chat, "no") == "Then I keep it."


async def test_a_number_that_is_not_there_is_said_so(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    assert await answer(chat, "/forget 2") == "There is no number 2: you have 1."


@pytest.mark.parametrize("told", ["snooze 10min", "Snooze", "稍后 10分钟", "再等10分钟"])
async def test_a_reminder_can_be_put_off(chat: PluginChat, told: str) -> None:
    await answer(chat, "/remind 20min tea")
    await chat.advance(minutes=20)
    await chat.hears()
    assert await answer(chat, told) == "All right, again today 09:23."
    await chat.advance(minutes=10)
    assert await chat.hears() == "⏰ tea"


async def test_the_quoted_reminder_is_the_one_that_is_put_off(chat: PluginChat) -> None:
    await answer(chat, "/remind 10min tea")
    await answer(chat, "/remind 11min milk")
    await chat.advance(minutes=15)
    first = "1"
    assert [(await chat.hears())[:6] for _ in range(2)] == ["⏰ tea\n", "⏰ milk"]
    await answer(chat, (Reply(first), Text("snooze 10min")))
    await chat.advance(minutes=10)
    assert await chat.hears() == "⏰ tea"


@pytest.mark.parametrize("told", ["snooze whenever", "稍后再说吧", "snooze 999d"])
async def test_other_talk_puts_nothing_off(chat: PluginChat, told: str) -> None:
    await answer(chat, "/remind 20min tea")
    await chat.advance(minutes=20)
    await chat.hears()
    await chat.says(told)
    await chat.finished()
    assert chat.silent


async def test_what_rang_long_ago_or_elsewhere_is_not_put_off(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    await chat.advance(minutes=20)
    await chat.hears()
    await chat.says("snooze 10min", chat="group:1")
    await chat.advance(minutes=31)
    await chat.says("snooze 10min")
    await chat.finished()
    assert chat.silent


async def test_a_reminder_that_could_not_be_said_is_tried_again(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    chat.receipts = [Failed("the bot is not connected", "offline")]
    await chat.advance(minutes=20)
    await chat.hears()
    await chat.advance(minutes=1)
    assert (await chat.hears()).startswith("⏰ tea")


async def test_it_gives_up_in_the_end(chat: PluginChat) -> None:
    await answer(chat, "/remind 20min tea")
    chat.receipts = [Failed("muted")] * 9
    await chat.advance(hours=5)
    for _ in range(4):
        await chat.hears()
    assert chat.silent


@pytest.mark.parametrize(
    ("language", "shown", "said"),
    [
        ("zh", "不要这个提醒了：/忘掉 2", "好，今天 09:13 叫你：关火"),
        ("en", "Forget a reminder, by its number: /forget 2", "All right, today 09:13: 关火"),
    ],
)
async def test_an_installed_one_speaks_as_kagami_does(tmp_path: Path, language: str, shown: str, said: str) -> None:
    shutil.copytree(Path(reminder.__file__).parent, tmp_path / "reminder")
    async with chat_with(tmp_path, clock=FakeClock(), language=language) as chat:
        assert shown in await answer(chat, "/help forget")
        assert await answer(chat, "/提醒 20分钟 关火") == said
