from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kagami.model.action import Failed, Send, Sent
from kagami.model.segment import Mention, Text
from kagami.plugins.extra import moderation
from kagami.testing.chat import chat_with
from tests.plugins.extra.moderation.group import GROUP, group_with

WARNED = "careful, that was a forbidden word (warning {} of 3 before a mute)"


async def test_a_forbidden_word_is_deleted_and_its_author_warned() -> None:
    async with group_with(words=["casino"]) as group:
        assert await group.member("Come to my C.A.S.I.N.O") == ["delete", WARNED.format(1)]


async def test_the_warning_mentions_who_is_meant() -> None:
    async with group_with(words=["casino"], action="warn") as group:
        await group.chat.says("casino", user="5", chat=GROUP)
        said = await group.chat.receives()
        assert isinstance(said, Send)
        assert said.message[0] == Mention("5")


async def test_other_talk_is_left_alone() -> None:
    async with group_with(words=["casino"]) as group:
        assert await group.member("good morning") == []


@pytest.mark.parametrize("role", ["admin", "owner"])
async def test_admins_may_write_what_they_want(role: str) -> None:
    async with group_with(words=["casino"]) as group:
        assert await group.member("casino", role=role) == []


async def test_a_group_that_is_not_switched_on_is_left_alone() -> None:
    async with group_with(on=False, words=["casino"]) as group:
        assert await group.member("casino") == []


async def test_a_private_chat_is_left_alone() -> None:
    async with group_with(words=["casino"]) as group:
        await group.chat.says("casino")
        assert await group.done() == []


async def test_the_third_warning_is_a_mute() -> None:
    async with group_with(words=["casino"], mute_minutes=10) as group:
        await group.member("casino")
        await group.member("casino")
        assert await group.member("casino") == [
            "delete",
            "set_group_ban 5 600",
            "that was a forbidden word: muted for 10 minutes.",
        ]


async def test_what_was_on_its_way_when_the_mute_came_is_only_deleted() -> None:
    async with group_with(words=["casino"], action="mute") as group:
        await group.member("casino")
        assert await group.member("casino") == ["delete"]


async def test_after_mutes_somebody_is_removed() -> None:
    async with group_with(words=["casino"], action="mute", kick_after=1) as group:
        await group.member("casino")
        await group.chat.advance(minutes=11)
        assert await group.member("casino") == [
            "delete",
            "set_group_kick 5 False",
            "that was a forbidden word: removed from the group.",
        ]


async def test_a_flood_is_not_answered_with_a_flood() -> None:
    async with group_with(flood_messages=3, mute_after=0) as group:
        done = [await group.member(f"message {number}") for number in range(6)]
        assert done == [[], [], [], ["delete", "careful, that was flooding (warning 1)"], ["delete"], ["delete"]]


async def test_the_same_again_and_again_is_stopped() -> None:
    async with group_with(repeats=2) as group:
        await group.member("哈哈哈")
        await group.member("哈哈哈")
        assert (await group.member("哈 哈 哈"))[0] == "delete"


async def test_links_are_stopped_but_those_that_are_allowed() -> None:
    async with group_with(links=True, allowed_hosts=["bilibili.com"]) as group:
        assert await group.member("https://www.bilibili.com/video/1") == []
        assert (await group.member("https://bilibili.com@evil.top"))[0] == "delete"


async def test_what_the_bot_may_not_do_is_said_once() -> None:
    async with group_with(words=["casino"], mute_after=0) as group:
        group.chat.receipts = [Failed("no permission")]
        first = await group.member("casino")
        group.chat.receipts = [Failed("no permission")]
        await group.chat.advance(seconds=11)
        second = await group.member("casino")
    assert first[1] == "I can't delete messages: am I an admin here? (no permission)"
    assert second == ["delete", "careful, that was a forbidden word (warning 2)"]


async def test_what_works_again_is_said_again_when_it_fails() -> None:
    async with group_with(words=["casino"], mute_after=0) as group:
        for receipts in ([Failed("no")], [], [Failed("no")]):
            group.chat.receipts = list(receipts)
            done = await group.member("casino")
        assert "I can't delete messages: am I an admin here? (no)" in done


async def test_a_mute_that_failed_is_a_warning() -> None:
    async with group_with(words=["casino"], action="mute") as group:
        group.chat.receipts = [Sent("1"), Failed("no permission")]
        assert (await group.member("casino"))[-1] == WARNED.format(1)
        await group.chat.advance(seconds=1)
        assert "set_group_ban 5 600" in await group.member("casino")


async def test_a_newcomer_is_welcomed_by_mention() -> None:
    async with group_with(welcome="Hello {name} in {group} {0.__class__}") as group:
        group.chat.receipts = [Sent("", {"group_name": "Mirror"})]
        await group.chat.happens("notice", "group_increase.approve", user="7", chat=GROUP)
        asked, said = await group.chat.receives(), await group.chat.receives()
        assert isinstance(said, Send)
        assert said.message == (
            Text("Hello "),
            Mention("7"),
            Text(" in "),
            Text("Mirror"),
            Text(" {0.__class__}"),
        ), asked


async def test_the_bot_does_not_welcome_itself() -> None:
    async with group_with(welcome="Hello {name}") as group:
        assert await group.happens("group_increase.invite", user="1") == []


@pytest.mark.parametrize("template", ["", "Bye {name}"])
async def test_a_farewell_is_said_where_there_is_one(template: str) -> None:
    async with group_with(farewell=template) as group:
        group.chat.receipts = [Sent("", {"nickname": "Ada"})]
        done = await group.happens("group_decrease.leave")
        assert done == (["get_stranger_info 7", "Bye Ada"] if template else [])


async def test_the_summary_of_the_day_tells_what_was_done() -> None:
    async with group_with(words=["casino"]) as group:
        assert await group.admin("/mod summary 21:00") == ["All right, a summary every day at 21:00."]
        await group.member("casino")
        await group.member("casino")
        await group.member("casino")
        await group.chat.advance(hours=13)
        assert await group.done() == ["Moderation today: deleted 2×, muted 1×"]


async def test_a_quiet_day_has_no_summary() -> None:
    async with group_with() as group:
        await group.admin("/mod summary 21:00")
        await group.chat.advance(days=2)
        assert await group.done() == []


@pytest.mark.parametrize(
    ("language", "on", "warned"),
    [
        ("zh", "群管开啦。", " 别发敏感词哦（警告 1 / 3，满了禁言）"),
        ("en", "I keep watch now.", " careful, that was a forbidden word (warning 1 of 3 before a mute)"),
    ],
)
async def test_an_installed_one_speaks_as_kagami_does(tmp_path: Path, language: str, on: str, warned: str) -> None:
    shutil.copytree(Path(moderation.__file__).parent, tmp_path / "moderation")
    async with chat_with(tmp_path, settings={"moderation": {"words": ["广告"]}}, language=language) as chat:
        await chat.says("/mod on", chat=GROUP, role="owner")
        assert (await chat.hears()).startswith(on)
        await chat.says("广.告", chat=GROUP)
        await chat.receives()
        assert await chat.hears() == warned
