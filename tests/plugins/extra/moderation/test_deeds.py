from __future__ import annotations

import pytest

from kagami.model.action import Action, Call, Delete, Failed, Receipt, Send, Sent, Unknown
from kagami.model.message import plain_text
from kagami.plugins.api import Context, Plugin
from kagami.plugins.extra.moderation import deeds
from kagami.plugins.extra.moderation.rules import Rules
from kagami.testing.chat import PluginChat, chat_with

plugin = Plugin(settings=Rules)


@plugin.command("back")
async def back(ctx: Context[Rules]) -> str:
    return str(await deeds.take_back(ctx))


@plugin.command("mute")
async def mute(ctx: Context[Rules], user: str) -> str:
    return str(await deeds.mute(ctx, user, 10))


@plugin.command("name")
async def name(ctx: Context[Rules]) -> str:
    return f"{await deeds.user_name(ctx)} in {await deeds.group_name(ctx)}"


async def done(chat: PluginChat, line: str, *receipts: Receipt, name: str = "") -> list[Action]:
    """All that the bot did about a line."""
    chat.receipts = list(receipts)
    await chat.says(line, chat="group:42", name=name)
    await chat.finished()
    actions = []
    while not chat.silent:
        actions.append(await chat.receives())
    return actions


def said(action: Action) -> str:
    assert isinstance(action, Send)
    return plain_text(action.message)


async def test_a_message_is_taken_back_in_its_chat() -> None:
    async with chat_with(plugin) as chat:
        action = (await done(chat, "/back"))[0]
        assert isinstance(action, Delete)
        assert (action.chat, action.message_id) == ("group:42", "1")


@pytest.mark.parametrize(("user", "sent"), [("5", 5), ("ou_abc", "ou_abc")])
async def test_ids_go_out_as_numbers_where_they_are(user: str, sent: int | str) -> None:
    async with chat_with(plugin) as chat:
        action = (await done(chat, f"/mute {user}"))[0]
        assert isinstance(action, Call)
        assert action.params == {"group_id": 42, "user_id": sent, "duration": 600}


@pytest.mark.parametrize(
    ("receipt", "worked"), [(Sent(), "True"), (Unknown("silence"), "True"), (Failed("no"), "False")]
)
async def test_only_what_was_certainly_refused_did_not_work(receipt: Receipt, worked: str) -> None:
    async with chat_with(plugin) as chat:
        assert said((await done(chat, "/back", receipt))[-1]) == worked


@pytest.mark.parametrize(
    ("given", "receipts", "told"),
    [
        ("Ada", [Sent("", {"group_name": "Mirror"})], "Ada in Mirror"),
        ("", [Sent("", {"nickname": "Ada"}), Failed("no")], "Ada in 42"),
        ("", [Sent("", None), Sent("", {"group_name": ""})], "10001 in 42"),
    ],
)
async def test_names_are_asked_for_and_else_are_numbers(given: str, receipts: list[Receipt], told: str) -> None:
    async with chat_with(plugin) as chat:
        assert said((await done(chat, "/name", *receipts, name=given))[-1]) == told
