from __future__ import annotations

import pytest

from kagami.model.action import Failed
from tests.plugins.extra.moderation.group import Group, group_with


async def test_members_may_not_use_it() -> None:
    async with group_with() as group:
        for line in ("/mod off", "/mute 6", "/unmute 6", "/kick 6", "/warns 6"):
            assert await group.member(line) == ["You may not use this command."]


@pytest.mark.parametrize("line", ["/mod", "/mod nonsense", "/群管 帮助"])
async def test_who_does_not_know_is_told_how(line: str) -> None:
    async with group_with() as group:
        assert (await group.admin(line))[0].startswith("How to use it:")


@pytest.mark.parametrize("line", ["/mod on", "/mute 5", "/kick 5"])
async def test_it_is_for_groups(line: str) -> None:
    async with group_with(on=False) as group:
        await group.chat.says(line)
        assert (await group.chat.hears()).startswith("This works in groups only.")


async def test_it_is_switched_on_and_off() -> None:
    async with group_with(on=False, words=["casino"]) as group:
        counts = []
        for line in ("/mod on", "/mod off"):
            await group.admin(line)
            counts.append(len(await group.member("casino")))
        assert counts == [2, 0]


async def test_words_are_added_and_removed() -> None:
    async with group_with() as group:
        assert await group.admin("/mod add 广告 加微信") == ["Added: 加微信, 广告"]
        assert await group.admin("/mod list") == ["Words of this group (2): 加微信, 广告"]
        assert (await group.member("广/告"))[0] == "delete"
        assert await group.admin("/mod remove 广 告 广告") == ["Removed: 广告"]
        assert await group.member("广告") == []


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/mod add", "Write the words"),
        ("/mod add …… 😀", "Write the words"),
        ("/mod remove nothing", "There is no such word."),
        ("/mod list", "This group has no words yet."),
        ("/mod add " + " ".join(f"word{n}" for n in range(501)), "There can be 500 words at most."),
        ("/mod set nothing 5", "There is no such rule"),
        ("/mod set action explode", "“explode” does not fit"),
        ("/mod set flood_messages {0.__class__}", "“{0.__class__}” does not fit"),
        ("/mod log", "All quiet"),
        ("/mod summary late", "Write the time like 21:00."),
        ("/mute 5 31d", "Between a minute and 30 days"),
        ("/mute 1", "Not me, please."),
    ],
)
async def test_what_cannot_be_done_is_explained(line: str, told: str) -> None:
    async with group_with() as group:
        assert (await group.admin(line))[0].startswith(told)


async def test_who_names_a_word_to_forbid_it_is_not_punished() -> None:
    async with group_with(exempt_roles=[]) as group:
        assert await group.admin("/mod add casino") == ["Added: casino"]
        assert (await group.admin("casino"))[0] == "delete"


async def test_words_of_one_group_are_not_anothers() -> None:
    async with group_with() as group:
        await group.admin("/mod add 广告")
        await group.chat.says("/mod on", user="999", chat="group:2", role="owner")
        await group.chat.says("广告", user="5", chat="group:2")
        assert len(await group.done()) == 1


async def test_a_rule_is_set_and_taken_back() -> None:
    async with group_with(repeats=4) as group:
        assert await group.admin("/mod set repeats 1") == ["Done, repeats: 1"]
        await group.member("x")
        assert (await group.member("x"))[0] == "delete"
        assert await group.admin("/mod set repeats") == ["Done, repeats: 4"]


async def test_all_rules_are_shown() -> None:
    async with group_with(welcome="Hello {name}") as group:
        shown = (await group.admin("/mod set"))[0]
        assert "action: delete" in shown
        assert "welcome: Hello {name}" in shown


async def test_a_word_for_a_group_that_is_off_says_so() -> None:
    async with group_with(on=False) as group:
        assert (await group.admin("/mod add 广告"))[0].endswith("I don't keep watch here: /mod on first.")


async def test_the_log_tells_who_did_what() -> None:
    async with group_with(words=["casino"]) as group:
        await group.member("casino")
        await group.chat.advance(minutes=1)
        await group.admin("/mute 6 5min")
        assert await group.admin("/mod log") == [
            "What was done:\n10-09 08:54 muted 6 (by 999)\n10-09 08:53 deleted 5 a forbidden word casino"
        ]


async def test_somebody_is_muted_by_hand() -> None:
    async with group_with(mute_minutes=10) as group:
        assert await group.admin("/mute @5 2h") == ["set_group_ban 5 7200", "Muted 5 for 120 minutes."]
        assert await group.admin("/mute 5") == ["set_group_ban 5 600", "Muted 5 for 10 minutes."]


async def test_who_may_speak_again_has_a_clean_record() -> None:
    async with group_with(words=["casino"]) as group:
        await group.member("casino")
        assert await group.admin("/unmute 5") == ["set_group_ban 5 0", "5 may speak again."]
        assert await group.admin("/warns 5") == ["5: 0 warnings, 0 mutes."]


async def test_a_record_is_shown_and_cleared() -> None:
    async with group_with(words=["casino"]) as group:
        await group.member("casino")
        assert await group.admin("/warns 5") == ["5: 1 warnings, 0 mutes."]
        assert await group.admin("/warns 5 clear") == ["The record of 5 is clean again."]
        assert await group.admin("/warns 5") == ["5: 0 warnings, 0 mutes."]


async def kicked(group: Group, answer: str) -> list[str]:
    await group.chat.says("/kick 5", user="999", chat="group:1", role="admin")
    assert await group.chat.hears() == "Really remove 5 from the group? (yes/no)"
    return await group.admin(answer)


async def test_nobody_is_removed_without_a_yes() -> None:
    async with group_with() as group:
        assert await kicked(group, "no") == ["Then not."]
        assert await kicked(group, "yes") == ["set_group_kick 5 False", "5 was removed."]


async def test_what_the_platform_refuses_is_told() -> None:
    async with group_with() as group:
        group.chat.receipts = [Failed("no permission")]
        assert await group.admin("/mute 5") == [
            "set_group_ban 5 600",
            "I can't mute anybody: am I an admin here? (no permission)",
            "That did not work.",
        ]


async def test_the_summary_can_be_switched_off() -> None:
    async with group_with(words=["casino"]) as group:
        await group.admin("/mod summary 21:00")
        await group.member("casino")
        assert await group.admin("/mod summary off") == ["No summary any more."]
        await group.chat.advance(days=1)
        assert await group.done() == []
