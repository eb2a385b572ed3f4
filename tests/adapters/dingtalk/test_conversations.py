from __future__ import annotations

import pytest

from kagami.adapters.dingtalk.conversations import BLOCKED_MS, Conversations
from kagami.model.ids import BotId, ChatId
from kagami.testing.adapters import NotedMemory, Notes

BOT = BotId("dingtalk:ding1")
HOME = "http://127.0.0.1:9"
HOOK = "https://oapi.dingtalk.com/robot/sendBySession?session=x"
GROUP, PRIVATE = ChatId("group:cid/A=="), ChatId("private:u1")
NOW = 1_760_000_000_000
SOON = NOW + 90 * 60_000


@pytest.fixture
def notes() -> Notes:
    return Notes()


def open_on(notes: Notes) -> Conversations:
    return Conversations(BOT, NotedMemory(notes), HOME)


@pytest.fixture
def known(notes: Notes) -> Conversations:
    return open_on(notes)


async def test_a_webhook_is_good_until_it_expires(known: Conversations) -> None:
    await known.learn(GROUP, "Team", HOOK, SOON)
    assert (known.webhook(GROUP, NOW), known.webhook(GROUP, SOON), known.webhook(PRIVATE, NOW)) == (HOOK, "", "")


async def test_a_webhook_is_known_after_a_restart(notes: Notes, known: Conversations) -> None:
    await known.learn(GROUP, "Team", HOOK, SOON)
    again = open_on(notes)
    await again.load(NOW)
    assert (again.webhook(GROUP, NOW), again.groups()) == (HOOK, {"cid/A==": "Team"})


async def test_a_restart_later_forgets_private_chats_and_keeps_groups(notes: Notes, known: Conversations) -> None:
    await known.learn(GROUP, "Team", HOOK, SOON)
    await known.learn(PRIVATE, "Mira", HOOK, SOON)
    again = open_on(notes)
    await again.load(SOON)
    assert (again.title(GROUP), again.title(PRIVATE), again.webhook(GROUP, SOON)) == ("Team", None, "")
    assert [key for _, key in notes.values] == [f"chat/{GROUP}"]


async def test_not_every_message_is_written(notes: Notes, known: Conversations) -> None:
    for minute in range(60):
        await known.learn(GROUP, "Team", f"{HOOK}{minute}", SOON + minute * 60_000)
    assert (notes.written, known.webhook(GROUP, NOW)) == (2, f"{HOOK}59")


async def test_a_new_title_is_written(notes: Notes, known: Conversations) -> None:
    await known.learn(GROUP, "Team", HOOK, SOON)
    await known.learn(GROUP, "Teams", HOOK, SOON)
    assert notes.written == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://oapi.dingtalk.com/x",
        "https://oapi.dingtalk.com.evil.com/x",
        "https://evildingtalk.com/x",
        "https://oapi.dingtalk.com@evil.com/x",
        "https://u:p@oapi.dingtalk.com:8443/x",
        "https://evil.com/?oapi.dingtalk.com",
        "https://evil.com#.dingtalk.com",
        "https://evil.com\\.dingtalk.com/x",
        "http://127.0.0.1:10/x",
        "https://127.0.0.1:9/x",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "https://[::1",
        "",
    ],
)
async def test_a_webhook_elsewhere_is_not_used(known: Conversations, url: str) -> None:
    await known.learn(GROUP, "Team", url, SOON)
    assert (known.trusts(url), known.webhook(GROUP, NOW), known.title(GROUP)) == (False, "", "Team")


@pytest.mark.parametrize("url", [HOOK, "https://oapi.dingtalk.com:443/x", "https://dingtalk.com/x", f"{HOME}/robot"])
def test_hosts_of_dingtalk_and_the_configured_one_are_used(known: Conversations, url: str) -> None:
    assert known.trusts(url)


async def test_a_blocked_chat_has_no_webhook_for_a_while(known: Conversations) -> None:
    await known.learn(GROUP, "Team", HOOK, SOON)
    known.block(GROUP, NOW)
    await known.learn(GROUP, "Team", HOOK, SOON)
    assert (known.webhook(GROUP, NOW + BLOCKED_MS - 1), known.webhook(GROUP, NOW + BLOCKED_MS)) == ("", HOOK)


async def test_a_webhook_that_was_refused_is_not_used_until_another_comes(known: Conversations) -> None:
    await known.learn(GROUP, "Team", HOOK, SOON)
    known.forget(GROUP)
    known.forget(PRIVATE)
    before = known.webhook(GROUP, NOW)
    await known.learn(GROUP, "Team", HOOK, SOON)
    assert (before, known.webhook(GROUP, NOW)) == ("", HOOK)


def test_a_group_hears_at_most_twenty_messages_in_any_minute(known: Conversations) -> None:
    at = [known.turn(GROUP, 0.0, 600.0) for _ in range(60)]
    most = max(sum(begin <= each < begin + 60 for each in at) for begin in at)
    assert (at[:5], 18 < most <= 20) == ([0.0] * 5, True)


def test_a_turn_too_far_away_is_not_taken(known: Conversations) -> None:
    for _ in range(20):
        known.turn(GROUP, 0.0, 60.0)
    assert known.turn(GROUP, 0.0, 60.0) > 60.0 - 1
    assert known.turn(GROUP, 0.0, 10.0) == known.turn(GROUP, 0.0, 10.0)


def test_a_private_chat_needs_no_turn(known: Conversations) -> None:
    assert [known.turn(PRIVATE, 0.0, 60.0) for _ in range(100)] == [0.0] * 100


async def test_no_more_chats_are_known_than_may_be(notes: Notes) -> None:
    known = Conversations(BOT, NotedMemory(notes), HOME, most=2)
    for number in range(3):
        await known.learn(f"group:{number}", "Team", HOOK, SOON)
    again = open_on(notes)
    await again.load(NOW)
    assert (set(known.groups()), set(again.groups())) == ({"1", "2"}, {"1", "2"})
