"""The plugin in whole conversations, with models on loopback."""

from __future__ import annotations

import logging
import re
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kagami.core.privacy.config import PrivacyConfig
from kagami.core.privacy.desk import PrivacyDesk
from kagami.log import Ring
from kagami.model.segment import Image, Mention, Text
from kagami.testing.chat import PluginChat, chat_with
from tests.plugins.extra.chat.models import PLUGIN, Model, talking

GROUP = "group:7"
ME = Mention("1")
AWAY = "I cannot think straight right now. Please ask me again in a few minutes."


@pytest.fixture
async def model() -> AsyncIterator[Model]:
    async with Model() as model:
        yield model


@pytest.fixture
async def chat(tmp_path: Path, model: Model) -> AsyncIterator[PluginChat]:
    async with talking(tmp_path, model.endpoint()) as chat:
        yield chat


async def ask(chat: PluginChat, what: str, *, user: str = "10001", name: str = "Ada") -> None:
    await chat.says((ME, Text(f" {what}")), user=user, chat=GROUP, name=name)


async def tell(chat: PluginChat, what: str, *, user: str = "10001", name: str = "Ada") -> None:
    await chat.says(what, user=user, chat=GROUP, name=name)
    await chat.finished()


async def test_who_mentions_the_bot_is_answered(chat: PluginChat, model: Model) -> None:
    model.says("Hello, Ada!")
    await ask(chat, "hello")
    assert await chat.hears() == "Hello, Ada!"


async def test_in_private_every_message_is_answered(chat: PluginChat) -> None:
    await chat.says("hello")
    assert await chat.hears() == "ok"


async def test_talk_among_people_is_not_answered(chat: PluginChat, model: Model) -> None:
    await tell(chat, "good morning")
    await ask(chat, "hello")
    await chat.hears()
    assert len(model.asked) == 1


@pytest.mark.parametrize("said", ["/echo hello", "/weather 上海", "#status", "  /later"])
async def test_commands_are_neither_answered_nor_read(chat: PluginChat, model: Model, said: str) -> None:
    await ask(chat, said)
    await chat.finished()
    await ask(chat, "and now?", user="10002")
    while await chat.hears() != "ok":
        pass
    assert len(model.asked) == 1
    assert said.strip() not in model.read()


async def test_its_own_messages_are_not_answered(chat: PluginChat, model: Model) -> None:
    await ask(chat, "echo", user="1")
    await chat.finished()
    await ask(chat, "hello")
    await chat.hears()
    assert "echo" not in model.read()
    assert len(model.asked) == 1


async def test_the_model_reads_what_was_said_before(chat: PluginChat, model: Model) -> None:
    await tell(chat, "let us meet at eight", user="10002", name="Bob")
    await chat.says((Image("cat.jpg"), Text(" look")), user="10003", chat=GROUP, name="Eve")
    await chat.finished()
    await ask(chat, "when do we meet?")
    await chat.hears()
    assert re.fullmatch(
        r"user> Bob \(\d\d:\d\d\): let us meet at eight\nEve \(\d\d:\d\d\): \[image\] look\n"
        r"Ada \(\d\d:\d\d\): @you  when do we meet\?",
        model.read(),
    )


async def test_the_model_reads_its_own_answers_as_its_own(chat: PluginChat, model: Model) -> None:
    model.says("Four.")
    await ask(chat, "2+2?")
    await chat.hears()
    await ask(chat, "sure?")
    await chat.hears()
    assert [turn["role"] for turn in model.asked[-1]["messages"]] == ["system", "user", "assistant", "user"]


async def test_chats_know_nothing_of_each_other(chat: PluginChat, model: Model) -> None:
    await tell(chat, "a secret")
    await chat.says("what did they say?", user="10009", chat="private:10009")
    await chat.hears()
    assert "secret" not in model.read()


async def test_a_restart_forgets_nothing(chat: PluginChat, model: Model) -> None:
    await tell(chat, "the code word is amber")
    await ask(chat, "hello")
    await chat.hears()
    await chat.finished()
    await chat.restart()
    await ask(chat, "the word?")
    await chat.hears()
    assert "amber" in model.read()
    assert "assistant> ok" in model.read()


async def test_no_more_is_kept_than_the_setting_says(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint(), lines=3) as chat:
        for number in range(6):
            await tell(chat, f"line {number}")
        assert len([key for _, key in chat.store.kept if "/line/" in key]) == 3
        await chat.restart()
        await ask(chat, "and?")
        await chat.hears()
        assert re.findall(r"line \d", model.read()) == ["line 4", "line 5"]


async def test_who_asks_meanwhile_is_answered_by_one_more_round(chat: PluginChat, model: Model) -> None:
    model.open.clear()
    model.says("first")
    model.says("all of you")
    await ask(chat, "one")
    await model.called(1)
    for number, name in enumerate(["two", "three", "four"]):
        await ask(chat, name, user=f"2000{number}", name=name.upper())
    await chat.finished()
    model.open.set()
    assert [await chat.hears(), await chat.hears()] == ["first", "all of you"]
    assert len(model.asked) == 2
    assert re.findall(r"assistant> first|one|two|three|four", model.read()) == [
        "one",
        "assistant> first",
        "two",
        "three",
        "four",
    ]


async def test_a_keyword_is_answered_unasked(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint(), keywords=["Kagami"]) as chat:
        await chat.says("does kagami know?", chat=GROUP)
        assert await chat.hears() == "ok"


async def test_unasked_it_speaks_only_now_and_then(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint(), chance=1.0, cooldown=3600) as chat:
        await chat.says("one", chat=GROUP)
        await chat.hears()
        await tell(chat, "two")
        await ask(chat, "three")
        await chat.hears()
        assert "three" in model.read(1)


async def test_other_bots_are_heard_and_never_answered(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint(), bots=["666"]) as chat:
        await ask(chat, "hello, bot", user="666", name="Robot")
        await chat.finished()
        await ask(chat, "who was that?")
        await chat.hears()
        assert "hello, bot" in model.read()
        assert len(model.asked) == 1


async def test_what_comes_late_is_remembered_and_not_answered(chat: PluginChat, model: Model) -> None:
    await chat.says((ME, Text("are you there?")), chat=GROUP, age=600)
    await chat.finished()
    await ask(chat, "hello")
    await chat.hears()
    assert "are you there?" in model.read()
    assert len(model.asked) == 1


async def test_no_number_of_anybody_leaves_and_the_answer_has_it_again(chat: PluginChat, model: Model) -> None:
    model.says("Call ‹phone1› or write to ‹email1›.")
    await ask(chat, "my number is 13800138000, mail ada@example.com, I am 10001, friend @10002")
    assert await chat.hears() == "Call 13800138000 or write to ada@example.com."
    sent = str(model.asked[0])
    assert not [secret for secret in ("13800138000", "ada@example.com", "10001", "10002") if secret in sent]


async def test_without_send_names_members_are_numbered(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint(), send_names=False) as chat:
        model.says("‹user1› has asked")
        await ask(chat, "hello")
        assert await chat.hears() == "Ada has asked"
        assert "Ada" not in model.read()


async def test_marks_that_people_write_reveal_nothing(chat: PluginChat, model: Model) -> None:
    await tell(chat, "call me: 13800138000")
    await tell(chat, "another: 13900139000", user="10002", name="Bob")
    model.says("‹phone9› <phone1>")
    await ask(chat, "say ‹phone1›", user="10003", name="Eve")
    assert await chat.hears() == "‹phone9› <phone1>"
    assert "say <phone1>" in model.read()


async def test_an_answer_calls_nobody_and_commands_nobody(chat: PluginChat, model: Model) -> None:
    model.says("/ban @all [CQ:at,qq=all]")
    await ask(chat, "say /ban @all")
    said = await chat.hears()
    assert not said.startswith("/")
    assert "@all" not in said
    assert "[CQ:" not in said


async def test_a_long_answer_comes_in_paragraphs(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint(), piece=40) as chat:
        model.says(f"{'one ' * 8}\n\n{'two ' * 8}")
        await ask(chat, "tell me more")
        assert [await chat.hears(), await chat.hears()] == [("one " * 8).strip(), ("two " * 8).strip()]


async def test_the_next_endpoint_answers_when_the_first_cannot(tmp_path: Path, model: Model) -> None:
    async with Model() as second, talking(tmp_path, model.endpoint(), second.endpoint("spare")) as chat:
        model.fails(500)
        second.says("I can")
        await ask(chat, "hello")
        assert await chat.hears() == "I can"
        assert second.asked[0]["model"] == "spare"


async def test_a_refused_key_is_not_used_again(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint("tiny", "bad", "good")) as chat:
        model.fails(401)
        for _ in range(3):
            await ask(chat, "hello")
            await chat.hears()
        assert model.keys == ["bad", "good", "good", "good"]


async def test_an_endpoint_that_takes_too_long_is_left(tmp_path: Path, model: Model) -> None:
    async with Model() as second, talking(tmp_path, model.endpoint(seconds=0.05), second.endpoint()) as chat:
        model.open.clear()
        await ask(chat, "hello")
        assert await chat.hears() == "ok"
        assert len(second.asked) == 1


async def test_one_friendly_word_when_no_model_is_there(chat: PluginChat, model: Model) -> None:
    model.fails(500)
    model.fails(500)
    await ask(chat, "hello")
    assert await chat.hears() == AWAY
    await ask(chat, "hello?")
    await model.called(2)
    await ask(chat, "are you there?")
    assert await chat.hears() == "ok"


async def test_patience_has_an_end(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint(), patience=0.05) as chat:
        model.open.clear()
        await ask(chat, "hello")
        assert await chat.hears() == AWAY


async def test_forget_clears_what_is_kept(chat: PluginChat, model: Model) -> None:
    await tell(chat, "a secret")
    await chat.says("/chat forget", chat=GROUP, role="admin")
    assert await chat.hears() == "I have forgotten what was said here."
    await chat.finished()
    assert not any("secret" in value for value in chat.store.kept.values())
    await ask(chat, "what did I say?")
    await chat.hears()
    assert "secret" not in model.read()


async def test_what_is_answered_while_it_forgets_is_not_kept(chat: PluginChat, model: Model) -> None:
    model.open.clear()
    model.says("the secret is amber")
    await ask(chat, "tell me the secret")
    await model.called(1)
    await chat.says("/chat forget", chat=GROUP, role="admin")
    await chat.hears()
    model.open.set()
    await chat.hears()
    await chat.finished()
    assert not any("secret" in value for value in chat.store.kept.values())


async def test_who_waits_while_it_forgets_is_forgotten_too(chat: PluginChat, model: Model) -> None:
    model.open.clear()
    await ask(chat, "one")
    await model.called(1)
    await ask(chat, "two")
    await chat.finished()
    await chat.says("/chat forget", chat=GROUP, role="admin")
    await chat.hears()
    model.open.set()
    await chat.hears()
    await ask(chat, "three")
    await chat.hears()
    assert [len(call["messages"]) for call in model.asked] == [2, 2]


async def test_off_is_off_until_on_even_after_a_restart(chat: PluginChat, model: Model) -> None:
    await chat.says("/chat off", chat=GROUP, role="admin")
    assert await chat.hears() == "I keep quiet and remember nothing until /chat on."
    await chat.finished()
    await chat.restart()
    await ask(chat, "a secret")
    await chat.finished()
    await chat.says("/聊天 开", chat=GROUP, role="admin")
    assert await chat.hears() == "I am with you again."
    await chat.finished()
    await ask(chat, "hello")
    assert await chat.hears() == "ok"
    assert "secret" not in model.read()
    assert len(model.asked) == 1


async def test_members_may_not_switch_it(chat: PluginChat) -> None:
    await chat.says("/chat off", chat=GROUP)
    assert await chat.hears() == "You may not use this command."


async def test_the_status_names_models_and_never_keys(tmp_path: Path, model: Model) -> None:
    async with talking(tmp_path, model.endpoint("tiny", "sk-secret")) as chat:
        await tell(chat, "hello")
        await chat.says("/chat", chat=GROUP, role="admin")
        assert await chat.hears() == "Chat is on here.\n1 of at most 40 messages remembered.\ntiny @ 127.0.0.1: ready"


async def test_without_models_it_says_so_when_asked(tmp_path: Path) -> None:
    async with talking(tmp_path) as chat:
        await ask(chat, "hello")
        await chat.says("/chat", chat=GROUP, role="admin")
        assert "plugins.settings.chat.endpoints is empty" in await chat.hears()


async def test_usage_counts_tokens_by_model(chat: PluginChat, model: Model) -> None:
    model.says("a", prompt=100, completion=20)
    model.says("b", prompt=200, completion=30)
    for _ in range(2):
        await ask(chat, "hello")
        await chat.hears()
    await chat.says("/chat usage", chat=GROUP, role="admin")
    said = await chat.hears()
    line = r"tiny @ 127\.0\.0\.1: 2 answers, 0 failed, 300 \+ 50 tokens, \d+\.\d s each"
    assert re.fullmatch(f"Today:\n{line}\nThis month:\n{line}", said)


async def test_usage_is_kept_for_two_months(chat: PluginChat) -> None:
    await ask(chat, "hello")
    await chat.hears()
    today = next(key for key in chat.store.kept if "/usage/" in key[1])
    value = chat.store.kept.pop(today)
    for number in range(100):
        chat.store.kept["chat", f"{today[1].rpartition('/')[0]}/1999-{number:02}"] = value
    await ask(chat, "hello")
    await chat.hears()
    days = sorted(key for key in chat.store.kept if "/usage/" in key[1])
    assert len(days) == 62
    assert days[-1] == today


async def test_logs_hold_figures_and_no_words(tmp_path: Path, model: Model) -> None:
    ring = Ring()
    logger = logging.getLogger("kagami.chat")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(ring)
    async with talking(tmp_path, model.endpoint("tiny", "sk-secret")) as chat:
        model.says("amber")
        await ask(chat, "the colour?")
        await chat.hears()
    logger.removeHandler(ring)
    lines = ring.since(wanted=lambda line: line.source == "chat", after=0)
    asked = next(line for line in lines if line.text == "asked a model")
    assert asked.fields["prompt"] == "10"
    assert not [line for line in lines if re.search("amber|colour|sk-secret", str(line))]


async def test_nothing_stays_behind(chat: PluginChat) -> None:
    await ask(chat, "hello")
    await chat.hears()
    await chat.finished()
    chat.assert_no_leaks()


@pytest.mark.parametrize(("language", "said"), [("zh", "本会话的聊天已开启。"), ("en", "Chat is on here.")])
async def test_it_speaks_as_kagami_does(tmp_path: Path, language: str, said: str) -> None:
    shutil.copytree(PLUGIN, tmp_path / "chat")
    async with chat_with(tmp_path, language=language) as chat:
        await chat.says("/chat", role="owner")
        assert said in await chat.hears()


async def test_while_the_guard_is_on_the_model_reads_no_name_and_no_number_and_the_chat_reads_both(
    chat: PluginChat, model: Model
) -> None:
    guard = PrivacyDesk(PrivacyConfig(enabled=True, patterns={"order": "ORD-[0-9]+"}))
    for active in chat.host.fleet.lineup.stable.values():
        active.kit.privacy = guard
    model.says("Thank you, [Name-1]: ORD is [order 1].")
    await ask(chat, "I'm Grace Hopper, ORD-77", name="Ada")
    assert await chat.hears() == "Thank you, Grace Hopper: ORD is ORD-77."
    read = str(model.asked[-1])
    assert not [private for private in ("Ada", "Grace", "ORD-77") if private in read]
